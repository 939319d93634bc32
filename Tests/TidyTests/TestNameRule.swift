import Foundation

/// A test is named by a sentence in backticks that begins with a small letter, unless its first word
/// is spelled otherwise.
enum TestNameRule {
  private static let attribute = regularExpression(#"^ *@Test\b"#)
  private static let function = regularExpression(#"\bfunc +(`[^`]*`|\w+)"#)
  private static let sentence = regularExpression(
    #"^`(?:[^A-Z`][^`]*|\w*[A-Z0-9]\w*[A-Z0-9]\w*\b[^`]*)`$"#)

  static func violations(in file: SourceFile) -> [String] {
    file.linesMatching(attribute).compactMap { line in
      guard let head = file.code[line...].firstIndex(where: function.matches),
        let name = function.firstGroup(file.lines[head])
      else { return "\(file.place(line)): a test without a function" }
      return sentence.matches(name) ? nil : "\(file.place(head)): \(name)"
    }
  }
}
