import Domain
import Execution
import Testing

/// What the account holds, as the stream tells of it: shown while the stream is up, and no longer.
@Suite struct AccountBalanceTests {
  private let exchange = FakeExchange()

  private func connected() -> EngineHarness { .connected(exchange) }

  private func tell(
    _ harness: EngineHarness, _ asset: String, free: String, frozen: String = "0"
  ) {
    harness.apply(
      .accountStream(.balance(asset: asset, free: decimal(free), frozen: decimal(frozen))))
  }

  private func balances(_ harness: EngineHarness) -> [AssetBalance] {
    var engine = harness.engine
    return engine.status(at: harness.now).balances
  }

  private func assets(_ harness: EngineHarness) -> [String] { balances(harness).map(\.asset) }

  @Test func `the last balance of each asset is shown, exact, with its time`() {
    let harness = connected()
    tell(harness, "USDT", free: "1000", frozen: "0")
    tell(harness, "BTC", free: "0.000000000000000001", frozen: "2")
    harness.advance(by: .seconds(3))
    tell(harness, "USDT", free: "990.1", frozen: "9.9")
    let shown = balances(harness)
    #expect(shown.map(\.asset) == ["BTC", "USDT"])
    #expect(shown.map(\.free.description) == ["0.000000000000000001", "990.1"])
    #expect(shown.map(\.frozen.description) == ["2", "9.9"])
    #expect(shown[1].receivedAt.since(shown[0].receivedAt) == .seconds(3))
    #expect(shown[1].receivedAt == harness.now.wall)
  }

  @Test func `a balance asks for nothing and changes no order`() {
    let harness = connected()
    harness.submit(limit("a"))
    harness.advance(by: .seconds(20))
    let (sent, order) = (harness.sent.count, harness.order("a"))
    tell(harness, "USDT", free: "0")
    harness.apply(.accountStream(.balanceUnreadable(asset: "BTC")))
    harness.settle()
    #expect(harness.sent.count == sent)
    #expect(harness.order("a") == order)
  }

  @Test(arguments: [
    Input.accountStream(.lost("reset")), .accountStream(.keyRefused), .keyChanged,
  ])
  func `what was told on a stream that has ended is forgotten`(_ end: Input) {
    let harness = connected()
    tell(harness, "USDT", free: "1000")
    harness.apply(end)
    #expect(assets(harness) == [])
    tell(harness, "USDT", free: "1000")
    #expect(assets(harness) == [], "the former connection may still tell")
    harness.apply(.accountStream(.opened))
    #expect(assets(harness) == [], "no state is told at first")
    tell(harness, "USDT", free: "1000")
    #expect(assets(harness) == ["USDT"])
  }

  @Test func `what was told with a key that has ended is forgotten`() {
    let harness = connected()
    tell(harness, "USDT", free: "1000")
    exchange.script = { dispatch, _ in
      dispatch.request == .extendAccountStream ? .answer(refusal(730_708, .query)) : nil
    }
    harness.advance(by: .seconds(26 * 60))
    #expect(assets(harness) == [])
  }

  /// The former connection is let go only when the next one stands: nothing is missed.
  @Test func `a connection that takes the place of another one keeps what was told`() {
    let harness = connected()
    tell(harness, "USDT", free: "1000")
    harness.apply(.accountStream(.opened))
    #expect(assets(harness) == ["USDT"])
  }

  @Test func `a balance that cannot be read ends what was known of its asset`() {
    let harness = connected()
    tell(harness, "USDT", free: "1000")
    tell(harness, "BTC", free: "1")
    harness.apply(.accountStream(.balanceUnreadable(asset: "BTC")))
    #expect(assets(harness) == ["USDT"])
  }

  @Test func `of very many assets the last ones are kept`() {
    let harness = connected()
    tell(harness, "FIRST", free: "1")
    tell(harness, "SECOND", free: "1")
    tell(harness, "FIRST", free: "2")
    for number in 1...99 { tell(harness, "A\(number)", free: "1") }
    let kept = assets(harness)
    #expect(kept.count == 100)
    #expect(kept.contains("FIRST") && !kept.contains("SECOND"))
  }
}
