import Platform

/// The colours of a terminal (ECMA-48 §8.3.117, select graphic rendition).
enum Colour: String {
  case plain = ""
  case red = "31"
  case yellow = "33"

  static func of(_ level: LogLevel) -> Colour {
    switch level {
    case .error: .red
    case .warning: .yellow
    case .notice, .info, .debug: .plain
    }
  }

  func on(_ text: String) -> String {
    self == .plain ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
  }
}
