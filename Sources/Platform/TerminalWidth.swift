import CLinux
import Glibc

/// How wide the terminal at a descriptor is.
package enum TerminalWidth {
  /// What a terminal has that does not say its size.
  private static let usual = 80

  /// In columns; `nil` when no terminal is there.
  package static func of(_ descriptor: CInt) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    let columns = clinux_terminal_columns(descriptor)
    return columns > 0 ? Int(columns) : usual
  }
}
