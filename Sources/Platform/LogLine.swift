package import Domain

/// How much a line matters, the most important first.
package enum LogLevel: Int, Comparable, CaseIterable, Sendable {
  /// Needs a person now.
  case error
  /// Wants a look.
  case warning
  /// Normal, and worth knowing: a signal that the rules refuse.
  case notice
  case info
  case debug

  /// The level that a configuration names.
  package init?(name: String) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  package var name: String {
    switch self {
    case .error: "error"
    case .warning: "warning"
    case .notice: "notice"
    case .info: "info"
    case .debug: "debug"
    }
  }

  /// What a line for systemd's journal begins with (sd-daemon(3)).
  package var journalPrefix: String { "<\(priority)>" }

  /// The priority of syslog(3).
  var priority: Int {
    switch self {
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug: 7
    }
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// The shape of a log line.
package enum LogFormat: Sendable {
  /// `<6>message key=value`, for systemd's journal, which adds the time itself.
  case journal
  /// `time=… level=info msg="message" key=value`
  case logfmt
  /// One JSON object.
  case json
}

/// One named value of a log line. Lines keep the order in which the fields were given.
package struct LogField: Sendable {
  package let key: String
  package let value: String

  package init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }

  package init(_ key: String, _ value: some BinaryInteger) {
    self.init(key, String(value))
  }

  /// Bytes that nobody promised to be text, such as the name of a file.
  package init(_ key: String, bytes: [UInt8]) {
    self.init(key, ByteText.printable(bytes))
  }
}

/// Writes one event as one line of bounded length that no value can break out of.
package struct LogLine {
  /// Under the 4,096 bytes that a pipe takes at once (PIPE_BUF), so lines never interleave.
  package static let maximumBytes = 4_000
  /// One long value leaves room for the fields after it.
  static let maximumValueBytes = 1_000
  /// The least room in which a field is still worth beginning.
  private static let leastFieldBytes = 16

  private var text: [UInt8] = []
  private let format: LogFormat

  /// The finished line with its newline.
  package static func render(
    _ level: LogLevel, _ message: String, _ fields: [LogField], format: LogFormat, at time: WallTime
  ) -> [UInt8] {
    var line = LogLine(format: format)
    line.begin(level, message, at: time)
    for field in fields { line.add(field) }
    line.end()
    return line.text
  }

  private init(format: LogFormat) {
    self.format = format
  }

  /// What is left for escaped text, with the line's own ending kept free.
  private var room: Int { Self.maximumBytes - text.count - 2 }

  private mutating func begin(_ level: LogLevel, _ message: String, at time: WallTime) {
    switch format {
    case .journal:
      append(level.journalPrefix)
      appendEscaped(message, limit: Self.maximumValueBytes, quoted: false)
    case .logfmt:
      append("time=\(time.text) level=\(level.name) msg=")
      appendQuoted(message)
    case .json:
      append("{\"time\":\"\(time.text)\",\"level\":\"\(level.name)\",\"msg\":")
      appendQuoted(message)
    }
  }

  private mutating func add(_ field: LogField) {
    let key = field.key
    guard room >= key.utf8.count + Self.leastFieldBytes else { return }
    switch format {
    case .journal, .logfmt:
      append(" \(key)=")
      if Self.isPlain(field.value) && field.value.utf8.count <= min(room, Self.maximumValueBytes) {
        append(field.value)
      } else {
        appendQuoted(field.value)
      }
    case .json:
      append(",\"\(key)\":")
      appendQuoted(field.value)
    }
  }

  private mutating func end() {
    if format == .json { append("}") }
    append("\n")
  }

  /// A value that reads the same without quotation marks.
  private static func isPlain(_ value: String) -> Bool {
    if value.isEmpty { return false }
    if value.utf8.allSatisfy(isPlain) { return true }
    return value.unicodeScalars.allSatisfy { scalar in
      scalar != "\"" && scalar != "=" && scalar != "\\"
        && !scalar.properties.isWhitespace && !ByteText.isUnsafe(scalar)
    }
  }

  /// Almost every value is of ASCII, and told so byte by byte.
  private static func isPlain(_ byte: UInt8) -> Bool {
    ByteText.isSafe(byte) && byte != 0x20 && byte != UInt8(ascii: "\"")
      && byte != UInt8(ascii: "=")
  }

  private mutating func appendQuoted(_ value: String) {
    append("\"")
    appendEscaped(value, limit: min(room - 1, Self.maximumValueBytes), quoted: true)
    append("\"")
  }

  /// At most `limit` bytes; a value that needs more ends in an ellipsis.
  private mutating func appendEscaped(_ value: String, limit: Int, quoted: Bool) {
    let isSafe = value.utf8.allSatisfy { ByteText.isSafe($0) && $0 != UInt8(ascii: "\"") }
    if isSafe && value.utf8.count <= limit { return append(value) }
    let ellipsis = "…"
    let end = text.count + limit
    var lastFitting = text.count
    for scalar in value.unicodeScalars {
      if ByteText.isUnsafe(scalar) || quoted && (scalar == "\"" || scalar == "\\") {
        append(ByteText.escape(scalar))
      } else {
        text.append(contentsOf: scalar.utf8)
      }
      if text.count > end {
        text.removeSubrange(lastFitting...)
        append(ellipsis)
        return
      }
      if text.count <= end - ellipsis.utf8.count { lastFitting = text.count }
    }
  }

  private mutating func append(_ string: String) {
    text.append(contentsOf: string.utf8)
  }
}
