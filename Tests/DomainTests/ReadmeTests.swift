import Domain
import Foundation
import Testing

@Suite struct ReadmeTests {
  @Test func `the README's table of codes is the code's`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let begin = try #require(readme.range(of: "a test compares this table with the code -->\n"))
    let end = try #require(readme.range(of: "<!-- end of decision codes -->"))
    let table = readme[begin.upperBound..<end.lowerBound]
    let rows = DecisionCode.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |\n" }
    #expect(table == "\n| code | meaning |\n|---|---|\n" + rows.joined() + "\n")
  }
}
