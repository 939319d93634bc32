import Domain
import JSON

/// The streams of a daemon under test, from both sides.
extension DaemonUnderTest {
  /// The connections of a kind, `market` or `account`, as `status` has them.
  func streams(_ name: String) throws -> [JSONValue] {
    (try status()["streams"]?.arrayValue ?? []).filter { $0["name"]?.stringValue == name }
  }

  func isOpen(_ name: String) throws -> Bool {
    let streams = try streams(name)
    return !streams.isEmpty && streams.allSatisfy { $0["state"] == "open" }
  }

  /// Waits until every watched symbol has a fresh pushed price.
  func waitForPushedPrices() throws {
    try until("pushed prices", holds: { try status()["price_source"] == "stream" })
  }

  func waitForAccountStream() throws {
    try until("the account's stream", holds: { try isOpen("account") })
    try process.line(with: "the account's stream is connected")
  }

  /// What `status` shows of an asset; `nil` when nothing was told of it.
  func balance(_ asset: String) throws -> JSONValue? {
    (try status()["balances"]?.arrayValue ?? []).first { $0["asset"]?.stringValue == asset }
  }

  /// The price that the order of a signal was judged by.
  func quote(_ id: String) throws -> String? {
    try explain(id)["order"]?["guard_price"]?.stringValue
  }
}

extension Ledger {
  static let ticker = "GET /api/v3/ticker/price"
  static let look = "GET /api/v3/order"

  func stream(_ name: String) -> Int { number(document["counts"]?["streams"]?[name]) }

  /// Connections that were opened, of `market` or `user`.
  func opened(_ stream: String) -> Int {
    number(document["counts"]?["streams"]?["connections_opened"]?[stream])
  }

  private func number(_ value: JSONValue?) -> Int {
    value?.numberValue.flatMap { Int($0) } ?? 0
  }
}

extension FaultRule {
  /// A fault of the streams: `market`, `user`, or `*` for both.
  static func stream(
    _ stream: String, _ fault: String, _ members: KeyValuePairs<String, JSONValue> = [:]
  ) -> String {
    JSONValue.object(
      pairs: [("stream", .string(stream)), ("fault", .string(fault))]
        + members.map { ($0.key, $0.value) }
    ).compactText()
  }
}
