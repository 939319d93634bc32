import Domain
import Foundation
import Testing

@Suite struct ReadmeTests {
  private static func text(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: name), encoding: .utf8)
  }

  @Test func `the README's table of codes is the code's`() throws {
    let readme = try Self.text("README.md")
    let begin = try #require(readme.range(of: "a test compares this table with the code -->\n"))
    let end = try #require(readme.range(of: "<!-- end of decision codes -->"))
    let table = readme[begin.upperBound..<end.lowerBound]
    let rows = DecisionCode.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |\n" }
    #expect(table == "\n| code | meaning |\n|---|---|\n" + rows.joined() + "\n")
  }

  @Test func `the README's table of events is the code's`() throws {
    let readme = try Self.text("README.md")
    let rows = NotificationEvent.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |\n" }
    #expect(readme.contains("\n| event | when |\n|---|---|\n" + rows.joined() + "\n"))
  }

  /// As in "`Sources/Domain/OperatorCommand.swift` (`OperatorCommand`)".
  @Test func `a type that the README names behind a file is declared in it`() throws {
    let readme = try Self.text("README.md")
    let found = readme.matches(of: #/`(Sources/[^`\s]+\.swift)`\s+\(`(\w+)`/#)
    #expect(!found.isEmpty)
    for (_, file, type) in found.map(\.output) {
      let declaration = try Regex(#"\b(struct|class|enum|protocol|typealias) \#(type)\b"#)
      #expect(try Self.text(String(file)).contains(declaration), "\(file): \(type)")
    }
  }

  /// The rows that say for a set of modules what they import, each by name.
  @Test func `the README's table of modules is the package's`() throws {
    let package = try Self.text("Package.swift")
    let readme = try Self.text("README.md")
    var imports: [String: Set<String>] = [:]
    for found in package.matches(of: #/\bmodule\(\s*"(\w+)"(?:,\s*imports: \[([^\]]*)\])?/#) {
      let names = (found.2 ?? "").matches(of: #/"(\w+)"/#).map { String($0.1) }
      imports[String(found.1)] = Set(names)
    }
    var rows: [String: String] = [:]
    for found in readme.matches(of: #/\n\| `(\w+)`[^|\n]*\|[^|\n]*\| ([^|\n]+) \|/#) {
      guard imports[String(found.1)] != nil else { continue }
      rows[String(found.1)] = String(found.2)
    }
    #expect(Set(rows.keys) == Set(imports.keys))
    let inWords: Set = ["Daemon", "Simulation"]
    for (module, row) in rows where !inWords.contains(module) {
      let named = row == "nothing" ? [] : Set(row.split(separator: ", ").map(String.init))
      #expect(named == imports[module], "\(module)")
    }
  }
}
