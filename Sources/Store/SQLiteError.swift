import CSQLite

/// What SQLite said about one call. Never holds a bound value.
package struct SQLiteError: Error, Hashable, CustomStringConvertible, Sendable {
  /// The extended result code; its low eight bits are the primary one.
  package let extendedCode: Int32
  /// The `errno` behind an input or output error, 0 when there is none.
  package let systemError: Int32
  package let message: String
  /// Our own name of the statement or step that failed.
  package let step: String

  package init(extendedCode: Int32, systemError: Int32, message: String, step: String) {
    self.extendedCode = extendedCode
    self.systemError = systemError
    self.message = message
    self.step = step
  }

  /// The primary result code, as in https://www.sqlite.org/rescode.html.
  package var code: Int32 { extendedCode & 0xFF }

  package var description: String { "\(step): \(message) (SQLite error \(extendedCode))" }
}
