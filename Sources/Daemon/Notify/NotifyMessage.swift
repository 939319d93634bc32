import Configuration
import Domain
import JSON
import Platform

/// A notification as the command gets it.
struct NotifyMessage {
  /// The system's own programs, and those of its administrator.
  private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  /// Far below what execve(2) takes for one variable.
  private static let maximumScalars = 2_000

  let notification: Notification
  /// Its number in the outbox, the same each time it is delivered; `nil` for what is not in it.
  let id: Int64?
  let configuration: Configuration

  private var text: String {
    ByteText.printable(notification.message).prefix(scalars: Self.maximumScalars)
  }

  var input: [UInt8] {
    let document: JSONValue = .object(
      pairs: [
        ("event", .string(notification.event.rawValue)),
        ("id", id.map { .integer($0) } ?? .null),
        ("at", .string(notification.at.text)),
        ("signal_id", notification.signal.map { .string($0.text) } ?? .null),
        ("message", .string(text)), ("advice", .string(notification.advice)),
        ("mode", .string(configuration.mode.rawValue)),
        ("account", .string(configuration.exchange.account)),
      ])
    return Array((document.compactText() + "\n").utf8)
  }

  /// Everything that the command finds in its environment.
  var environment: [(name: String, value: String)] {
    [
      ("PATH", Self.path), ("LANG", "C.UTF-8"), ("EVENT", notification.event.rawValue),
      ("EVENT_ID", id.map { String($0) } ?? ""),
      ("EVENT_TIME", notification.at.text),
      ("SIGNAL_ID", notification.signal?.text ?? ""), ("MESSAGE", text),
      ("ADVICE", notification.advice), ("MODE", configuration.mode.rawValue),
      ("ACCOUNT", configuration.exchange.account),
    ]
  }
}
