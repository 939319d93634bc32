import Foundation

/// How long types are, counted over all their extensions in one module. A type inside another one is
/// a part of its own.
enum TypeLengths {
  private struct TypeName: Hashable {
    let module: String
    let name: String
  }

  private static let declaration =
    #"(?:@\w+(?:\([^)]*\))? +)*(?:(?:package|public|private|fileprivate|final|indirect) +)*"#
    + #"(?:struct|class|enum|actor|extension|protocol) +(`[^`]*`|[\w.]+)"#
  private static let head = regularExpression("^" + declaration)
  private static let nestedHead = regularExpression("^  " + declaration)

  static func overlong(_ files: [SourceFile], excuse: String, maximum: Int) -> [String] {
    var lengths: [TypeName: Int] = [:]
    var excused: Set<TypeName> = []
    for file in files {
      let module = file.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
      for line in file.code.indices {
        guard head.matches(file.code[line]), let name = head.firstGroup(file.lines[line]) else {
          continue
        }
        let type = TypeName(module: module, name: name)
        lengths[type, default: 0] += length(of: line, in: file)
        if file.comment(above: line).contains(excuse) { excused.insert(type) }
      }
    }
    return lengths.filter { $0.value > maximum && !excused.contains($0.key) }
      .map { "\($0.key.module): \($0.key.name): \($0.value) lines" }.sorted()
  }

  private static func length(of line: Int, in file: SourceFile) -> Int {
    let body = body(of: line, in: file, closedBy: "}")
    let nested = body.dropFirst().filter { nestedHead.matches(file.code[$0]) }
    return body.count
      - nested.reduce(0) { $0 + self.body(of: $1, in: file, closedBy: "  }").count }
  }

  /// Up to the brace that closes it; formatted text has that where the declaration begins.
  private static func body(
    of line: Int, in file: SourceFile, closedBy brace: String
  ) -> ClosedRange<Int> {
    let text = file.code[line]
    if text.contains("{"), text.hasSuffix("}") { return line...line }
    return line...(file.code[line...].firstIndex { $0.hasPrefix(brace) } ?? line)
  }
}

/// For patterns that are written in the sources: a wrong one is the rule's own fault.
func regularExpression(_ pattern: String) -> NSRegularExpression {
  do {
    return try NSRegularExpression(pattern: pattern)
  } catch {
    fatalError("\(pattern): \(error)")
  }
}
