import Domain
import Intake
import Platform

/// One client of the signal socket: who it is, and what its lines are.
struct SignalClient {
  enum Step {
    case signal([UInt8])
    /// Part of something that has its answer.
    case pass
    /// Nothing that follows is taken when it is the last.
    case refuse(SignalRefusal, isLast: Bool)
  }

  let name: String
  let user: UInt32
  /// For the journal (SO_PEERCRED).
  let fields: [LogField]
  private var lines: SignalLines
  private var isGreeted = false

  init(peer: PeerCredentials, maximumTextBytes: Int) {
    user = peer.user
    name = Self.prefix(of: peer.user) + "pid=\(peer.process)"
    fields = [
      LogField("peer_pid", peer.process), LogField("peer_uid", peer.user),
      LogField("peer_gid", peer.group),
    ]
    lines = SignalLines(maximumTextBytes: maximumTextBytes)
  }

  /// How the name of every client of a user begins.
  static func prefix(of user: UInt32) -> String { "uid=\(user) " }

  mutating func step(for input: LineInput, maximumBytes: Int) -> Step {
    switch input {
    case .tooLong:
      return .refuse(
        NotASignalText.tooLong(bytes: nil, maximum: maximumBytes).refusal, isLast: false)
    case .foreign(let other):
      return .refuse(NotASignalText.foreign(other).refusal, isLast: true)
    case .line(let bytes):
      switch lines.kind(of: bytes) {
      case .signal: return .signal(bytes)
      case .textGoesOn: return .pass
      case .textBegins, .element:
        return .refuse(NotASignalText.partOfText.refusal, isLast: false)
      }
    }
  }

  /// What is to be logged of a client that has not been heard of. One that is turned away with its
  /// first line stands on the line that says so.
  mutating func greeting(before step: Step) -> [LogField]? {
    if isGreeted { return nil }
    isGreeted = true
    if case .refuse(_, isLast: true) = step { return nil }
    return fields
  }
}
