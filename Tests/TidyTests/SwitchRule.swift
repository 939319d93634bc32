import Foundation

/// `default:` hides a case that is added to one of our enums. The text does not tell the type, so a
/// switch with `default:` may match only what is no case of an enum: literals, ranges, constants and
/// bindings. A tuple may be matched by cases too: naming every pair would say nothing.
enum SwitchRule {
  /// Subjects of types that are not ours, which may get cases without us.
  static let foreignSubjects = ["switch scalar.properties.generalCategory {"]

  /// A case of an enum: `.name`, but not a member of something and not an Optional's.
  private static let enumCase = regularExpression(
    #"(?<![\w)\]?!>.])\.(?!some\b|none\b|zero\b)[a-z]\w*|\b(?!Self\b)[A-Z]\w*\.[a-z]\w*"#)

  static func violations(in file: SourceFile) -> [String] {
    file.code.indices.compactMap { line in
      let text = file.code[line]
      let indent = text.prefix { $0 == " " }
      guard text.dropFirst(indent.count).hasPrefix("default:"),
        let found = read(file.code, upFrom: line, indent)
      else { return nil }
      if foreignSubjects.contains(where: found.subject.contains) || isTuple(found.subject) {
        return nil
      }
      guard let pattern = found.patterns.first(where: enumCase.matches) else { return nil }
      return "\(file.place(line)): default beside 'case \(pattern)'"
    }
  }

  private static func isTuple(_ subject: String) -> Bool { subject.contains("switch (") }

  private static func read(
    _ code: [String], upFrom line: Int, _ indent: Substring
  ) -> (subject: String, patterns: [String])? {
    var patterns: [String] = []
    for number in (0..<line).reversed() {
      let text = code[number]
      let own = text.prefix { $0 == " " }.count
      guard own <= indent.count, own < text.count else { continue }
      if own == indent.count, text.dropFirst(own).hasPrefix("case ") {
        patterns.append(pattern(code, from: number, after: own + 5))
      } else if text.contains("switch ") {
        return (text, patterns)
      }
    }
    return nil
  }

  /// Up to the colon outside all brackets, perhaps some lines below; without a `where`.
  private static func pattern(_ code: [String], from line: Int, after column: Int) -> String {
    var depth = 0
    var pattern = ""
    for number in line..<code.count {
      for character in code[number].dropFirst(number == line ? column : 0) {
        if "([".contains(character) { depth += 1 }
        if ")]".contains(character) { depth -= 1 }
        if character == ":" && depth == 0 {
          return pattern.range(of: " where ").map { String(pattern[..<$0.lowerBound]) } ?? pattern
        }
        pattern.append(character)
      }
    }
    return pattern
  }
}
