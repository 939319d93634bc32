import Foundation
import Testing

/// The habits that a reader of the text can check.
@Suite struct TidyTests {
  static let maximumLines = 400
  /// How the comment begins that says why a type is longer.
  static let excuse = "/// Longer than 400 lines, because "

  private func swift() throws -> [SourceFile] {
    try Repository.swift.get()
  }

  private func expectNone(_ found: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(found == [], sourceLocation: sourceLocation)
  }

  @Test func `the rules see the sources`() throws {
    let files = try swift()
    #expect(files.count > 300)
    for folder in ["Sources/Domain/", "Sources/Daemon/", "Tests/ProgramTests/"] {
      #expect(files.contains { $0.path.hasPrefix(folder) })
    }
    #expect(try Repository.texts.get().contains { $0.path == "scripts/test" })
  }

  @Test func `a file is at most 400 lines long`() throws {
    expectNone(
      try Repository.texts.get()
        .filter { $0.lines.count > Self.maximumLines }
        // Data is kept as it came.
        .filter { !$0.path.hasPrefix("Tests/Fixtures/") }
        // Written by a script, for the linker to read.
        .filter { $0.path != "scripts/lib/link-order/functions.order" }
        .map { "\($0.path): \($0.lines.count) lines" })
  }

  @Test func `a type and its extensions are at most 400 lines long, or say why`() throws {
    expectNone(TypeLengths.overlong(try swift(), excuse: Self.excuse, maximum: Self.maximumLines))
  }

  @Test func `a switch over one of our enums names every case`() throws {
    expectNone(try swift().flatMap(SwitchRule.violations))
  }

  @Test(arguments: BannedCall.all)
  func `a call that is banned is not made`(call: BannedCall) throws {
    expectNone(try swift().flatMap(call.violations))
  }

  @Test func `what the compiler does not check has its reason above it`() throws {
    expectNone(try swift().flatMap(UncheckedRule.violations))
  }

  @Test func `the doc comment of a package function that throws says so`() throws {
    let sources = try swift().filter { $0.path.hasPrefix("Sources/") }
    // What only tests call fails the test that called it.
    expectNone(
      sources.filter { !$0.path.hasPrefix("Sources/TestKit/") }.flatMap(ThrowsRule.violations))
  }

  @Test func `a test is named by a sentence`() throws {
    expectNone(try swift().filter { $0.path.hasPrefix("Tests/") }.flatMap(TestNameRule.violations))
  }
}
