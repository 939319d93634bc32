import Daemon
import Domain
import JSON
import Testing

@Suite struct OutcomeReportTests {
  private static func report(_ members: [(String, JSONValue)]) -> [UInt8] {
    Array(JSONValue.object(pairs: members).prettyText().utf8)
  }

  private static func answer(
    _ id: JSONValue, _ status: JSONValue, _ code: JSONValue, _ message: JSONValue = "m"
  ) -> [UInt8] {
    report([("id", id), ("status", status), ("code", code), ("message", message)])
  }

  private static func outcome(_ id: JSONValue, _ status: JSONValue, at time: JSONValue) -> [UInt8] {
    report([("id", id), ("status", status), ("code", "accepted"), ("settled_at", time)])
  }

  @Test(
    arguments: [
      (
        answer("a", "duplicate", "duplicate", "taken before; it is open"),
        answer("a", "duplicate", "duplicate", "taken before; it is filled"), true
      ),
      (answer("a", "rejected", "expired", "1 s"), answer("a", "rejected", "expired", "9 s"), true),
      (outcome("a", "not_found", at: "t"), outcome("a", "filled", at: "u"), true),
      (answer("a", "duplicate", "duplicate"), answer("b", "duplicate", "duplicate"), false),
      (answer("a", "rejected", "expired"), answer("a", "duplicate", "duplicate"), false),
      (answer("a", "rejected", "expired"), answer("a", "rejected", "halted"), false),
      (outcome("a", "filled", at: "t"), answer("a", "duplicate", "duplicate"), false),
      (outcome("a", "filled", at: "t"), outcome("b", "filled", at: "t"), false),
      // Without an id nobody can tell.
      (answer(.null, "rejected", "invalid_json"), answer(.null, "rejected", "invalid_json"), false),
      (Array("{".utf8), answer("a", "duplicate", "duplicate"), false),
    ])
  func `two reports tell of the same end`(one: [UInt8], other: [UInt8], isSame: Bool) {
    #expect(OutcomeReport.isSameEnd(one, other) == isSame)
    #expect(OutcomeReport.isSameEnd(other, one) == isSame)
  }
}
