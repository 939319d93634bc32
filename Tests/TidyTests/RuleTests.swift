import Testing

/// Each rule finds what it is for, and nothing else.
@Suite struct RuleTests {
  private func file(_ text: String) -> SourceFile {
    SourceFile(path: "Sources/Domain/Example.swift", text: text)
  }

  @Test func `comments, strings and names in backticks are no code`() {
    let text = """
      let a = "try! \\(b.joined(separator: "try!")) try!" + c // try!
      /* try! /* try! */ try! */ let `try!` = #"try! " try!"#
      let d = \"\"\"
        try!
        \"\"\"
      """
    let code = SwiftText.code(of: text)
    #expect(!code.contains("try!"))
    #expect(code.contains("+ c"))
    #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
    #expect(SwiftText.code(of: "let e = \"\" + try! f()").contains("try!"))
  }

  @Test(
    arguments: [
      ("try!", "try! f()", true), ("try!", "try f()", false), ("as!", "x as! Int", true),
      ("a force unwrap", "x!.y", true), ("a force unwrap", "f()!", true),
      ("a force unwrap", "a != b", false), ("a force unwrap", "!a", false),
      ("an implicitly unwrapped type", "var x: Int!", true),
      ("print", "print(x)", true), ("print", "x.print(y)", false),
      ("sleeping instead of waiting for an event", "usleep(5)", true),
      ("a clock of Foundation", "Date()", true),
      ("the machine's clock, where the caller's must do", "Clock.monotonic()", true),
      ("binary floating point for money", "let x: Double", true),
      ("a pointer outside the file that wraps it", "UnsafeRawPointer(p)", true),
    ])
  func `a banned call is found`(name: String, code: String, isFound: Bool) throws {
    let call = try #require(BannedCall.all.first { $0.name == name })
    #expect(call.violations(in: file(code)).isEmpty != isFound)
  }

  @Test(
    arguments: [
      ("switch a {\ncase .b: 1\ndefault: 2\n}", true),
      ("switch a {\ncase let .b(c): 1\ndefault: 2\n}", true),
      ("switch a {\ncase 1,\n  .b: 1\ndefault: 2\n}", true),
      ("switch a {\ncase Side.buy: 1\ndefault: 2\n}", true),
      ("switch a {\ncase 1: x.b(.c)\ndefault: 2\n}", false),
      ("switch a {\ncase \"b\", 3...5: 1\ncase let x where x == .b: 3\ndefault: 2\n}", false),
      ("switch a {\ncase .some(3): 1\ndefault: 2\n}", false),
      ("switch (a, b) {\ncase (.b, .c): 1\ndefault: 2\n}", false),
      ("switch a {\ncase .b:\n  switch c {\n  case 1: 1\n  default: 2\n  }\ncase .d: 3\n}", false),
    ])
  func `a default beside cases of an enum is found`(code: String, isFound: Bool) {
    #expect(SwitchRule.violations(in: file(code)).isEmpty != isFound)
  }

  @Test func `a long type is found over its extensions, unless it says why`() {
    let text = """
      /// A type.
      struct A {
        let b = 1
      }
      extension A {
        enum Inner {
          case c
        }
        var c: Int { 1 }
      }
      """
    let excuse = "/// Longer than 400 lines, because "
    #expect(
      TypeLengths.overlong([file(text)], excuse: excuse, maximum: 5) == ["Domain: A: 6 lines"])
    #expect(TypeLengths.overlong([file(text)], excuse: excuse, maximum: 6) == [])
    let excused = file(excuse + "it must be.\n" + text)
    #expect(TypeLengths.overlong([excused], excuse: excuse, maximum: 5) == [])
  }

  @Test(
    arguments: [
      ("final class A: @unchecked Sendable {}", true),
      ("// Its lock is its reason.\nfinal class A: @unchecked Sendable {}", false),
    ])
  func `an unchecked claim without a reason is found`(code: String, isFound: Bool) {
    #expect(UncheckedRule.violations(in: file(code)).isEmpty != isFound)
  }

  @Test(
    arguments: [
      ("package func a() throws(B) {}", true),
      ("/// Does it.\npackage init(\n  a: Int\n) throws {", true),
      ("/// Throws when it cannot.\n@discardableResult\npackage func a() throws(B) {}", false),
      ("package func a(_ b: () throws -> Void) {}", false), ("func a() throws {}", false),
    ])
  func `a doc comment without a word about what is thrown is found`(code: String, isFound: Bool) {
    #expect(ThrowsRule.violations(in: file(code)).isEmpty != isFound)
  }

  @Test(
    arguments: [
      ("@Test func `it holds`() {}", false),
      ("@Test(\n  arguments: [1]\n)\nfunc `1 is odd`() {}", false),
      ("@Test func `HTTP is spoken`() {}", false), ("@Test func itHolds() {}", true),
      ("@Test func `It holds`() {}", true), ("@Test func `A word`() {}", true),
    ])
  func `a test that is named otherwise is found`(code: String, isFound: Bool) {
    #expect(TestNameRule.violations(in: file(code)).isEmpty != isFound)
  }
}
