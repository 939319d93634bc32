import Domain
package import Platform

/// What came in and is not even the text of a signal.
package enum NotASignalText: Hashable, Sendable {
  /// `bytes` is nil where the rest was not counted.
  case tooLong(bytes: Int?, maximum: Int)
  /// A file that is not taken, by its name.
  case file([UInt8], FileRefusal)
  /// A line in another protocol.
  case foreign(ForeignProtocol)
  /// A line of a JSON text that stands on several.
  case partOfText

  package var refusal: SignalRefusal {
    SignalRefusal(code: code, id: nil, field: nil, position: nil, message: message)
  }

  private var code: DecisionCode {
    switch self {
    case .tooLong, .file(_, .tooLarge): .tooLarge
    case .file: .unreadableFile
    case .foreign, .partOfText: .invalidJSON
    }
  }

  private var message: String {
    switch self {
    case .tooLong(let bytes?, let maximum):
      "The signal is \(bytes) bytes long; at most \(maximum) are read."
    case .tooLong(nil, let maximum):
      "the line is longer than the \(maximum) bytes of intake.maximum_signal_bytes"
    case .file(let name, let refusal):
      "\(ByteText.printable(name)) was not taken: \(Self.words(for: refusal))"
    case .foreign(let other):
      "this is \(other.rawValue), and the socket takes plain lines, one JSON signal a line; "
        + "nothing was taken, and the connection is closed. Send the line alone, with "
        + "'socat - UNIX-CONNECT:…' or 'mexc-signalctl submit FILE'"
    case .partOfText:
      "the line is only a part of its JSON text, and the socket takes one signal a line; "
        + "the text is no signal. Send it as a single line, as 'jq -c' writes it, or "
        + "with 'mexc-signalctl submit FILE'"
    }
  }

  private static func words(for refusal: FileRefusal) -> String {
    guard case .forbidden(let status) = refusal else { return "\(refusal)" }
    return "it may not be read: its mode is \(status.modeText), its owner "
      + "\(AccountNames.user(status.owner)), its group \(AccountNames.group(status.group)), and the "
      + "daemon is \(AccountNames.ownUser); give it mode 0640 and a group of the daemon's, and drop "
      + "it again"
  }
}
