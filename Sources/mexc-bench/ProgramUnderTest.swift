import Platform

/// A program that the bench has started in a directory of its own, where its log lies.
protocol ProgramUnderTest: AnyObject {
  var name: String { get }
  var directory: String { get }
  var process: ChildProcess { get }
}

extension ProgramUnderTest {
  var lastWords: String { ProgramLog.ending(directory + "/log") }

  func failure(_ text: String) -> BenchError { .failed(text + lastWords) }
}

enum ProgramLog {
  private static let lines = 15

  /// The last lines, for an error.
  static func ending(_ path: String) -> String {
    guard let text = try? TextFile.read(path) else { return "" }
    let lines = text.split(separator: "\n").suffix(lines)
    return lines.isEmpty ? "" : "; its last words:\n" + lines.joined(separator: "\n")
  }
}
