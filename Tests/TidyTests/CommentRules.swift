import Foundation

/// What the compiler is told to believe has a comment above it that says why it is true.
enum UncheckedRule {
  private static let claim = regularExpression(
    #"@unchecked +Sendable|\bnonisolated\(unsafe\)|@preconcurrency\b"#)

  static func violations(in file: SourceFile) -> [String] {
    file.linesMatching(claim).filter { file.comment(above: $0).isEmpty }
      .map { "\(file.place($0)): no reason above it" }
  }
}

/// A caller in another module reads in the doc comment when a function throws.
enum ThrowsRule {
  private static let head = regularExpression(
    #"^ *(?:@\w+ +)*package +(?:(?:static|final|convenience|mutating|consuming|borrowing) +)*"#
      + #"(?:func|init|subscript)\b"#)
  private static let throwing = regularExpression(#"^\) *(?:async +)?throws\b"#)

  static func violations(in file: SourceFile) -> [String] {
    file.linesMatching(head).filter { isThrowing(file, $0) }
      .filter { !file.comment(above: $0).lowercased().contains("throws") }
      .map { "\(file.place($0)): its comment does not say what it throws" }
  }

  private static func afterParameters(_ signature: String) -> String {
    var depth = 0
    for index in signature.indices {
      if signature[index] == "(" { depth += 1 }
      if signature[index] == ")" {
        depth -= 1
        if depth == 0 { return String(signature[index...].prefix { $0 != "{" }) }
      }
    }
    return ""
  }

  private static func isThrowing(_ file: SourceFile, _ line: Int) -> Bool {
    var signature = ""
    for text in file.code[line...] {
      signature += text + " "
      if text.contains("{") || text.isEmpty { break }
    }
    return throwing.matches(afterParameters(signature))
  }
}
