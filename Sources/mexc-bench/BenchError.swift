/// Why a measurement ended early.
enum BenchError: Error, CustomStringConvertible {
  /// Something did not work; the text says what, and what to do.
  case failed(String)
  /// SIGINT or SIGTERM.
  case interrupted

  var description: String {
    switch self {
    case .failed(let text): text
    case .interrupted: "interrupted"
    }
  }
}
