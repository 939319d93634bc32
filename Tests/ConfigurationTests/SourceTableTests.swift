import Configuration
import Testing

/// The table whose names the file chooses.
@Suite struct SourceTableTests {
  /// Each with the key that it is told of.
  private static let flaws: [(table: String, key: String, says: String)] = [
    ("'b': {symbls: '*'}", "sources.b.symbls", "unknown key; did you mean \"symbols\"?"),
    ("'b': {colour: 1}", "sources.b.colour", "a source takes \"symbols\", \"sides\", "),
    ("'b': 5", "sources.b", "found a number; write an object"),
    ("'b': {symbols: []}", "sources.b.symbols", "allows no symbol at all"),
    ("'b': {sides: []}", "sources.b.sides", "allows no side at all"),
    ("'b': {sides: ['long']}", "sources.b.sides", "write a list of \"buy\" and \"sell\""),
    ("'b': {sides: 'buy'}", "sources.b.sides", "found a string"),
    ("'b': {maximum_order_quote: '0'}", "sources.b.maximum_order_quote", "out of range"),
    ("'b': {signals_per_hour: 0}", "sources.b.signals_per_hour", "from 1 to 100000, or null"),
    ("'b': {heartbeat_seconds: 0}", "sources.b.heartbeat_seconds", "seconds from 1 to 86400, or"),
    (
      "'b': {on_silence: 'stop'}", "sources.b.on_silence",
      "write \"event\", \"reducing\" or \"halt\""
    ),
    ("'b': {on_silence: 'reducing'}", "sources.b", "does nothing without heartbeat_seconds"),
    ("'b': {on_silence: 'halt'}", "sources.b", "does nothing without heartbeat_seconds"),
    ("'b': {secret: 'hunter2'}", "sources.b.secret", "found a string; write true or false"),
    ("'a/b': {secret: true}", "sources.a/b", "its secret is a file of that name"),
    ("'.': {secret: true}", "sources..", "its secret is a file of that name"),
    ("'..': {secret: true}", "sources...", "its secret is a file of that name"),
    ("'': {}", "sources.", "the name is empty"),
    ("'a\\nb': {}", "sources.a\\nb", "the name holds a control character"),
    ("'b': {sides: ['buy'], sides: ['sell']}", "sources.b.sides", "written twice, first on line 2"),
    ("'b': {}, \"b\": {}", "sources.b", "written twice, first on line 2"),
  ]

  @Test(arguments: flaws)
  func `a flaw in the table is one violation, at its place`(
    _ row: (table: String, key: String, says: String)
  ) {
    let found = violations(in: "{ sources: {\n\(row.table)\n}}")
    #expect(found.count == 1)
    #expect(found.first?.line == 2)
    #expect(found.first?.key == row.key)
    #expect(found.first?.text.contains(row.says) == true, "\(found)")
    #expect(!"\(found)".contains("hunter2"))
  }

  @Test func `a name has room for what a signal can say, and no more`() {
    let longest = String(repeating: "é", count: 256)
    #expect(violations(in: "{sources: {'\(longest)': {}}}").isEmpty)
    #expect(violations(in: "{sources: {'\(longest)é': {}}}").count == 1)
  }

  /// Without a secret there is no file of that name.
  @Test(arguments: [".", "..", "a/b"])
  func `a source that signs nothing has any name`(_ name: String) {
    #expect(violations(in: "{sources: {'\(name)': {}}}").isEmpty)
  }

  @Test(arguments: ["...", ".a", "a..", "-"])
  func `points are part of a name`(_ name: String) {
    #expect(violations(in: "{sources: {'\(name)': {secret: true}}}").isEmpty)
  }

  @Test func `every flaw is told at once`() {
    let text = """
      { sources: {
        a: { sides: 1, secret: 2 },
        b: { what: 3 },
      }}
      """
    #expect(
      violations(in: text).map { "\($0.line ?? 0) \($0.key ?? "-")" }
        == ["2 sources.a.sides", "2 sources.a.secret", "3 sources.b.what"])
  }
}
