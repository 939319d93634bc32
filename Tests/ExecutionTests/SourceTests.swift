import Domain
import Execution
import Testing

/// What the table of sources allows, besides everything else.
@Suite struct SourceTests {
  private static func harness(
    _ source: EngineConfiguration.Source, change: (inout EngineConfiguration) -> Void = { _ in }
  ) -> EngineHarness {
    EngineHarness.open(
      makeConfiguration {
        $0.sources = ["bot": source]
        change(&$0)
      })
  }

  private func from(
    _ source: String?, _ id: String, _ symbol: Symbol = btc, side: Side = .buy,
    quantity: String = "1"
  ) -> Signal {
    limit(id, symbol, side: side, quantity: quantity) { $0.source = source }
  }

  @Test func `a source is held to its symbols and sides, and others are not`() {
    let harness = Self.harness(.init(symbols: [btc], sides: [.buy]))
    #expect(harness.submit(from("bot", "a"))?.code == .accepted)
    #expect(harness.submit(from("bot", "b", eth))?.code == .sourceLimit)
    #expect(harness.submit(from("bot", "c", side: .sell))?.code == .sourceLimit)
    for (number, source) in [nil, "Bot", "bot ", ""].enumerated() {
      #expect(harness.submit(from(source, "o\(number)", eth, side: .sell))?.code == .accepted)
    }
    // It is remembered as every other denial is.
    #expect(harness.code("b") == .sourceLimit)
    #expect(harness.message("b").contains("\"bot\" may not trade ETHUSDT"))
    #expect(harness.submit(from("bot", "b", eth))?.code == .duplicate)
    #expect(harness.placements(of: "b").isEmpty)
  }

  @Test func `what all signals are held to holds for a source as well`() {
    let harness = Self.harness(.init(maximumOrderQuote: decimal("5000"))) {
      $0.risk.symbols = [btc]
    }
    #expect(harness.submit(from("bot", "a", eth))?.code == .symbolNotAllowed)
    #expect(harness.submit(from("bot", "b", quantity: "11"))?.code == .riskOrderQuote)
  }

  @Test(arguments: [("0.5", DecisionCode.accepted), ("0.5001", .sourceLimit)])
  func `the quote of one order of a source`(quantity: String, expected: DecisionCode) {
    let harness = Self.harness(.init(maximumOrderQuote: decimal("50")))
    #expect(harness.submit(from("bot", "a", quantity: quantity))?.code == expected)
    let quote = decimal(quantity).multiplied(by: decimal("100"), rounding: .up) ?? .zero
    let byQuote = market("b", amount: .quote(quote)) { $0.source = "bot" }
    #expect(harness.submit(byQuote)?.code == expected)
    // A market order by base quantity is judged when its price is known.
    let byBase = market("c", amount: .base(decimal(quantity))) { $0.source = "bot" }
    #expect(harness.submit(byBase)?.code == .accepted)
    harness.settle()
    #expect(harness.code("c") == expected)
    #expect(harness.placements(of: "c").count == (expected == .accepted ? 1 : 0))
  }

  @Test func `signals per hour roll, count each source alone, and survive a restart`() {
    let harness = Self.harness(.init(signalsPerHour: 2))
    harness.exchange.fillsLimits = true
    #expect(harness.submit(from("bot", "a"))?.code == .accepted)
    harness.advance(by: .seconds(1_800))
    #expect(harness.submit(from("bot", "b"))?.code == .accepted)
    #expect(harness.submit(from("bot", "b"))?.code == .duplicate)
    #expect(harness.submit(from("bot", "c"))?.code == .sourceLimit)
    #expect(harness.submit(from("other", "o"))?.code == .accepted)
    harness.restart()
    #expect(harness.submit(from("bot", "d"))?.code == .sourceLimit)
    harness.advance(by: .milliseconds(1_799_999))
    #expect(harness.submit(from("bot", "e"))?.code == .sourceLimit)
    harness.advance(by: .milliseconds(1))
    #expect(harness.submit(from("bot", "f"))?.code == .accepted)
    #expect(harness.submit(from("bot", "g"))?.code == .sourceLimit)
  }

  @Test func `a signal that was refused takes nothing of the hour`() {
    let harness = Self.harness(.init(symbols: [btc], signalsPerHour: 1))
    #expect(harness.submit(from("bot", "a", eth))?.code == .sourceLimit)
    #expect(harness.submit(from("bot", "b", quantity: "11"))?.code == .riskOrderQuote)
    #expect(harness.submit(from("bot", "c"))?.code == .accepted)
    harness.restart()
    #expect(harness.submit(from("bot", "d"))?.code == .sourceLimit)
  }

  @Test func `a stepped clock frees nothing of the hour`() {
    let harness = Self.harness(.init(signalsPerHour: 1))
    harness.submit(from("bot", "a"))
    harness.settle()
    harness.stepWallClock(by: .seconds(7_200))
    #expect(harness.submit(from("bot", "b"))?.code == .sourceLimit)
    harness.stepWallClock(by: .seconds(-14_400))
    harness.restart()
    #expect(harness.submit(from("bot", "c"))?.code == .sourceLimit)
  }

  /// The hour before the reload counts, and an order that waits is judged anew.
  @Test func `a reload brings limits for what is under way`() {
    let harness = Self.harness(.init()) { $0.sources = [:] }
    harness.exchange.fillsLimits = true
    harness.submit(from("bot", "a"))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("refused"))) : nil
    }
    harness.submit(from("bot", "w", eth))
    harness.settle()
    var configuration = harness.configuration
    configuration.sources = ["bot": .init(symbols: [btc], signalsPerHour: 2)]
    harness.reconfigure(configuration)
    harness.settle()
    #expect(harness.code("w") == .sourceLimit)
    #expect(harness.submit(from("bot", "b"))?.code == .sourceLimit)
  }
}
