import Domain

/// The places of a line server when all are taken: who goes when one more client comes. That is one of
/// the user who holds the most, so that nobody else has to suffer for them.
struct LinePlaces {
  /// What a client holds its place for.
  enum Need {
    /// It is owed something, or something of it waits.
    case answers
    /// A line that began then has not ended.
    case restOfLine(since: MonotonicTime)
    case nothing

    /// What goes on to come of a line is no reason to wait: a byte from time to time would hold a place
    /// for ever.
    func isLateLine(at now: MonotonicTime) -> Bool {
      guard case .restOfLine(let since) = self else { return false }
      return now.since(since) > LinePlaces.patience
    }
  }

  struct Client {
    var number: UInt64
    var peer: PeerCredentials
    var need: Need
    /// When it was last heard or answered.
    var idleSince: MonotonicTime

    /// Since when it holds its place for nothing.
    fileprivate var restsSince: MonotonicTime {
      if case .restOfLine(let since) = need { since } else { idleSince }
    }
  }

  /// How long the end of a line is waited for where places are short.
  private static let patience: Duration = .seconds(60)

  /// `nil` when there are no clients.
  let holder: LineServer.Holder?
  private let clients: [Client]

  init(of clients: [Client]) {
    self.clients = clients
    holder = LineServer.Holder(of: clients.map(\.peer))
  }

  /// The numbers of the holder's clients that may go. Those that are idle come first; of these, those of
  /// the process that holds the most: a sender that keeps one connection must not lose it over another
  /// program's.
  func dispensable(at now: MonotonicTime) -> [UInt64] {
    let theirs = clients.filter { $0.peer.user == holder?.user }
    let counts: [Int32: Int] = theirs.reduce(into: [:]) { $0[$1.peer.process, default: 0] += 1 }
    return theirs.compactMap { client in
      Self.rank(client, at: now).map { rank in
        (rank: rank, share: -(counts[client.peer.process] ?? 0), client: client)
      }
    }.sorted {
      ($0.rank, $0.share, $0.client.restsSince, $0.client.number)
        < ($1.rank, $1.share, $1.client.restsSince, $1.client.number)
    }.map(\.client.number)
  }

  /// `nil` where it has to stay.
  private static func rank(_ client: Client, at now: MonotonicTime) -> Int? {
    switch client.need {
    case .answers: nil
    case .restOfLine: client.need.isLateLine(at: now) ? 1 : nil
    case .nothing: 0
    }
  }
}
