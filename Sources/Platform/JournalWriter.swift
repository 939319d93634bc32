import CLinux
import Domain
import Glibc

/// Hands lines to systemd's journal with their fields, so that it can be asked for them
/// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). Never waits: what the journal does not take in time is
/// kept up to a limit, then dropped and counted. A line has at most 4,000 bytes, so that its datagram fits
/// every socket.
package final class JournalWriter {
  /// Where systemd listens.
  package static let standardPath = "/run/systemd/journal/socket"

  private let path: [UInt8]
  private let identifier: String
  private let socket: CInt
  private var queue: [[UInt8]] = []
  private var queuedBytes = 0
  /// Lines lost since the start.
  private(set) var dropped = 0
  private var unreported = 0

  /// `identifier` names the service in the journal. Throws when there is no socket to be had.
  package init(
    path: String = standardPath, identifier: String = ServiceName.own
  ) throws(SystemError) {
    self.path = Array(path.utf8)
    self.identifier = identifier
    let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    socket = Glibc.socket(AF_UNIX, kind, 0)
    guard socket >= 0 else { throw .last("socket") }
  }

  deinit { close(socket) }

  var hasBacklog: Bool { !queue.isEmpty || unreported > 0 }

  /// Whether the journal has the line, or gets it later; not so when nobody listens.
  func write(
    _ level: LogLevel, _ message: String, _ fields: [LogField], _ kind: LogKind?, at time: WallTime
  ) -> Bool {
    let datagram = datagram(level, message, fields, kind, at: time)
    flush(at: time)
    if queue.isEmpty {
      switch send(datagram) {
      case .taken: return true
      case .away: return false
      case .busy: break
      }
    }
    guard queuedBytes + datagram.count <= Logger.maximumQueuedBytes else {
      lose()
      return true
    }
    queue.append(datagram)
    queuedBytes += datagram.count
    return true
  }

  func flush(at time: WallTime) {
    var sent = 0
    sending: for datagram in queue {
      switch send(datagram) {
      case .taken: queuedBytes -= datagram.count
      case .busy: break sending
      case .away:
        lose()
        queuedBytes -= datagram.count
      }
      sent += 1
    }
    if sent > 0 { queue.removeFirst(sent) }
    if queue.isEmpty, unreported > 0 { reportLoss(at: time) }
  }

  private func lose() {
    dropped += 1
    unreported += 1
  }

  private func reportLoss(at time: WallTime) {
    let report = datagram(
      .warning, Logger.messageOfLoss, [LogField("lines", unreported)], nil, at: time)
    if send(report) == .taken { unreported = 0 }
  }

  private enum Reception {
    case taken, busy, away
  }

  /// To the name each time: another journal may listen there since.
  private func send(_ datagram: [UInt8]) -> Reception {
    let count = retryingInterrupts {
      unsafe clinux_send_to_unix(socket, path, path.count, datagram, datagram.count)
    }
    if count >= 0 { return .taken }
    switch errno {
    case EAGAIN, ENOBUFS: return .busy
    default: return .away
    }
  }

  private func datagram(
    _ level: LogLevel, _ message: String, _ fields: [LogField], _ kind: LogKind?, at time: WallTime
  ) -> [UInt8] {
    var text = "PRIORITY=\(level.priority)\nSYSLOG_IDENTIFIER=\(identifier)\n"
    if let kind { text += "MESSAGE_ID=\(kind.rawValue)\n" }
    var names: Set<String> = []
    for field in fields {
      guard let name = Self.name(field.key), names.insert(name).inserted else { continue }
      // No line end is left, so that no value can begin a field of its own.
      let value = ByteText.printable(field.value).prefix(scalars: LogLine.maximumValueBytes)
      text += "\(name)=\(value)\n"
    }
    let line = LogLine.render(level, message, fields, format: .journal, at: time)
    return Array((text + "MESSAGE=").utf8) + line.dropFirst(level.journalPrefix.utf8.count)
  }

  /// The journal's own names mean something else.
  private static let taken: Set<String> = ["MESSAGE", "MESSAGE_ID", "PRIORITY", "UNIT", "ERRNO"]

  private static func name(_ key: String) -> String? {
    let name = key.uppercased()
    let isName =
      (1...64).contains(name.utf8.count) && !taken.contains(name)
      && name.utf8.first.map { (0x41...0x5A).contains($0) } ?? false
      && name.utf8.allSatisfy { byte in
        (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
      }
    return isName ? name : nil
  }
}

/// The service that systemd runs this process for.
package enum ServiceName {
  /// As the units' SyslogIdentifier= has it: an instance stands behind a dash.
  package static var own: String {
    ProcessFacts.controlGroup().flatMap { of(controlGroup: $0) } ?? standard
  }

  private static let standard = "mexc-signald"

  /// From the text of /proc/PID/cgroup; `nil` outside a service of this program.
  package static func of(controlGroup text: String) -> String? {
    let last = text.split(separator: "\n").last?.split(separator: "/").last
    guard let unit = last, unit.hasSuffix(".service"), unit.hasPrefix(standard) else { return nil }
    return String(unit.dropLast(".service".count)).replacing("@", with: "-")
  }
}
