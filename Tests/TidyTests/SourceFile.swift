import Foundation

/// A text file of the repository, with what the rules ask of it.
struct SourceFile {
  /// From the top of the repository.
  let path: String
  let lines: [String]
  /// The same lines with comments, strings and names in backticks blanked; the lines themselves where
  /// the file is not Swift.
  let code: [String]

  init(path: String, text: String) {
    self.path = path
    lines = Self.split(text)
    code = path.hasSuffix(".swift") ? Self.split(SwiftText.code(of: text)) : lines
  }

  private static func split(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  func place(_ line: Int) -> String { "\(path):\(line + 1)" }

  func isIn(_ folders: [String]) -> Bool { folders.contains { path.hasPrefix($0) } }

  /// The numbers of the lines of code that match.
  func linesMatching(_ pattern: NSRegularExpression) -> [Int] {
    code.indices.filter { pattern.matches(code[$0]) }
  }

  /// The comment that stands right above a line, attributes between them left out.
  func comment(above line: Int) -> String {
    var text: [String] = []
    for line in lines[..<line].reversed() {
      let words = line.trimmingCharacters(in: .whitespaces)
      if words.hasPrefix("//") { text.append(words) } else if !words.hasPrefix("@") { break }
    }
    return text.reversed().joined(separator: "\n")
  }
}

extension NSRegularExpression {
  func matches(_ text: String) -> Bool {
    firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }

  /// What the first group holds; nil without a match.
  func firstGroup(_ text: String) -> String? {
    firstMatch(in: text, range: NSRange(text.startIndex..., in: text))
      .flatMap { Range($0.range(at: 1), in: text) }.map { String(text[$0]) }
  }
}

/// The repository that this file belongs to.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let swift = Result {
    try files(in: ["Sources", "Tests"]).filter { $0.path.hasSuffix(".swift") }
  }
  static let texts = Result { try files(in: ["Sources", "Tests", "scripts"]) }

  private static func files(in folders: [String]) throws -> [SourceFile] {
    let manager = FileManager.default
    var found: [SourceFile] = []
    for folder in folders {
      let names = try manager.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
      for name in names.sorted() where !name.contains("__pycache__") {
        let path = "\(folder)/\(name)"
        var isFolder: ObjCBool = false
        let place = root.appendingPathComponent(path).path
        // Found in a listing a moment ago; a seed of the fuzzers need not be text.
        guard unsafe manager.fileExists(atPath: place, isDirectory: &isFolder), !isFolder.boolValue,
          let text = try? String(contentsOfFile: place, encoding: .utf8)
        else { continue }
        found.append(SourceFile(path: path, text: text))
      }
    }
    return found
  }
}
