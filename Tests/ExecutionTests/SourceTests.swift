import Domain
import Testing

@testable import Execution

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

  @Test func `a signal is stored with its sender, whatever is decided`() {
    let harness = Self.harness(.init(symbols: [btc]))
    harness.submit(from("bot", "a"))
    harness.submit(limit("b", eth) { ($0.source, $0.sequence) = ("bot", 7) })
    harness.submit(from(nil, "c"))
    #expect(
      harness.store.senders == [
        signalID("a"): SignalSender(source: "bot"),
        signalID("b"): SignalSender(source: "bot", isNumbered: true),
        signalID("c"): SignalSender(),
      ])
    #expect(harness.code("b") == .sourceLimit)
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

  // MARK: Silence

  private func kinds(_ harness: EngineHarness) -> [String] {
    harness.store.events.map(\.kind).filter { $0.hasPrefix("source_") }
  }

  @Test func `a source that falls silent is told once, and once that it is back`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300)))
    harness.advance(by: .milliseconds(299_999))
    harness.apply(.heartbeat("bot"))
    harness.advance(by: .milliseconds(299_999))
    #expect(kinds(harness).isEmpty)
    harness.advance(by: .milliseconds(1))
    #expect(kinds(harness) == ["source_silent"])
    #expect(harness.hasLog(.warning, "nothing was heard of the source \"bot\" for 300 seconds"))
    #expect(harness.engine.troubles(at: harness.now).count { $0.message.contains("\"bot\"") } == 1)
    harness.apply(.heartbeat("other"))
    harness.advance(by: .seconds(1_000))
    #expect(kinds(harness) == ["source_silent"])
    #expect(harness.submit(from(nil, "o"))?.code == .accepted)
    harness.apply(.heartbeat("bot"))
    #expect(kinds(harness) == ["source_silent", "source_heard"])
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    harness.advance(by: .seconds(300))
    #expect(kinds(harness) == ["source_silent", "source_heard", "source_silent"])
  }

  @Test func `a new signal is heard, whatever becomes of it, and a repetition is not`() {
    let harness = Self.harness(.init(symbols: [btc], heartbeat: .seconds(300)))
    harness.advance(by: .seconds(200))
    harness.submit(from("bot", "a", eth))
    harness.advance(by: .seconds(200))
    #expect(kinds(harness).isEmpty)
    harness.submit(from("bot", "a", eth))
    harness.advance(by: .seconds(100))
    #expect(kinds(harness) == ["source_silent"])
  }

  /// Who has seen it could send it for ever.
  @Test func `a signal that is refused and leaves its id free is heard once`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300), haltOnSilence: .all)) {
      $0.requiresCreatedAt = true
    }
    harness.advance(by: .seconds(200))
    #expect(harness.submit(from("bot", "a"))?.code == .invalidField)
    harness.advance(by: .seconds(200))
    #expect(harness.submit(from("bot", "b"))?.code == .invalidField)
    harness.advance(by: .seconds(200))
    #expect(kinds(harness) == [])
    #expect(harness.submit(from("bot", "a"))?.code == .invalidField)
    harness.advance(by: .seconds(100))
    #expect(kinds(harness) == ["source_silent"])
    #expect(harness.submit(from("bot", "b"))?.code == .invalidField)
    #expect(kinds(harness) == ["source_silent"])
    #expect(harness.engine.halt != nil)
  }

  @Test func `of what was refused long ago it is not known that it came`() {
    var refused = RefusedContents()
    let many = (0..<1_024).map { [UInt8($0 % 256), UInt8($0 / 256)] }
    let areNew = many.map { refused.take($0) }
    #expect(!areNew.contains(false))
    let again = many.map { refused.take($0) }
    #expect(!again.contains(true))
    let further = refused.take([7, 7])
    #expect(further)
    let first = refused.take([0, 0])
    #expect(first)
  }

  @Test func `silence halts trading where it is to, until the operator resumes it`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300), haltOnSilence: .all))
    harness.advance(by: .seconds(300))
    #expect(harness.submit(from(nil, "a"))?.code == .halted)
    harness.apply(.heartbeat("bot"))
    #expect(harness.submit(from("bot", "b"))?.code == .halted)
    harness.restart()
    #expect(harness.submit(from("bot", "c"))?.code == .halted)
    harness.command(.resume)
    #expect(harness.submit(from("bot", "d"))?.code == .accepted)
    // One that stays silent after the word of the operator halts nothing again.
    harness.advance(by: .seconds(300))
    harness.command(.resume)
    harness.advance(by: .seconds(1_000))
    #expect(harness.submit(from(nil, "e"))?.code == .accepted)
  }

  @Test func `silence leaves sells where it is to reduce`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300), haltOnSilence: .buys))
    harness.advance(by: .seconds(300))
    #expect(harness.submit(from("bot", "a"))?.code == .halted)
    #expect(harness.submit(from("bot", "b", side: .sell))?.code == .accepted)
    // A halt of everything is not loosened by a silence.
    harness.command(.halt(reason: "storm", cancel: false))
    harness.advance(by: .seconds(300))
    #expect(harness.submit(from("bot", "c", side: .sell))?.code == .halted)
  }

  @Test func `a silence that a reload lets halt halts at once, and once`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300)))
    harness.advance(by: .seconds(1_000))
    #expect(harness.submit(from(nil, "a"))?.code == .accepted)
    var configuration = harness.configuration
    configuration.sources["bot"]?.haltOnSilence = .all
    harness.reconfigure(configuration)
    #expect(harness.submit(from(nil, "b"))?.code == .halted)
    // Neither a reload that changes nothing of it nor one that lets it halt no more brings it back.
    harness.command(.resume)
    harness.reconfigure(configuration)
    configuration.sources["bot"]?.haltOnSilence = nil
    harness.reconfigure(configuration)
    harness.advance(by: .seconds(1_000))
    #expect(harness.submit(from(nil, "c"))?.code == .accepted)
    #expect(kinds(harness) == ["source_silent", "source_silent"])
  }

  @Test func `a reload that gives a source more time leaves its silence until it is heard`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300), haltOnSilence: .all))
    harness.advance(by: .seconds(400))
    harness.command(.resume)
    var configuration = harness.configuration
    configuration.sources["bot"]?.heartbeat = .seconds(600)
    harness.reconfigure(configuration)
    #expect(harness.engine.troubles(at: harness.now).count == 1)
    #expect(harness.submit(from(nil, "a"))?.code == .accepted)
    harness.apply(.heartbeat("bot"))
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
    #expect(kinds(harness) == ["source_silent", "source_heard"])
  }

  @Test func `a reload keeps what was heard, and forgets who promises nothing`() {
    let harness = Self.harness(.init(heartbeat: .seconds(300)))
    var configuration = harness.configuration
    configuration.sources["new"] = .init(heartbeat: .seconds(300))
    harness.advance(by: .seconds(200))
    harness.reconfigure(configuration)
    harness.advance(by: .seconds(100))
    #expect(kinds(harness) == ["source_silent"])
    harness.apply(.heartbeat("bot"))
    harness.advance(by: .seconds(100))
    #expect(kinds(harness) == ["source_silent", "source_heard"])
    harness.advance(by: .seconds(100))
    #expect(harness.hasLog(.warning, "\"new\""))
    configuration.sources = [:]
    harness.reconfigure(configuration)
    #expect(harness.engine.troubles(at: harness.now).isEmpty)
  }

  @Test(arguments: [true, false])
  func `a daemon that was held up hears its sources before it calls them silent`(speaks: Bool) {
    let harness = Self.harness(.init(heartbeat: .seconds(5), haltOnSilence: .all))
    harness.advance(by: .seconds(1))
    harness.holdUp(for: .seconds(20))
    harness.tick()
    #expect(kinds(harness).isEmpty)
    if speaks { harness.apply(.heartbeat("bot")) }
    harness.advance(by: .milliseconds(4_999))
    #expect(kinds(harness).isEmpty)
    #expect(harness.engine.halt == nil)
    harness.advance(by: .milliseconds(1))
    #expect(kinds(harness) == ["source_silent"])
    #expect(harness.engine.halt != nil)
  }
}
