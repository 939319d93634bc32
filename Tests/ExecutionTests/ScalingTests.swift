import Domain
import Testing

@testable import Execution

/// The cost of an input does not depend on how many orders wait. What is counted is work: effects, and
/// orders that are looked at.
@Suite struct ScalingTests {
  private static let life: Duration = .seconds(20 * 60 * 60)

  /// An engine with so many orders that wait for a price, whose look-up is out, and one that works.
  private static func crowd(_ count: Int) -> EngineHarness {
    let harness = EngineHarness.open(
      makeConfiguration {
        $0.risk.maximumOpenOrders = .max
        $0.risk.maximumOrdersPerMinute = .max
        $0.risk.maximumDailyQuote = nil
        $0.defaultTimeToLive = life
      })
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isPrices || dispatch.request.isOrder ? .hold : nil
    }
    harness.exchange.prices[sol] = decimal("100")
    harness.apply(
      .price(
        sol,
        MarketPrice(at: traits.name, last: decimal("100"), knownAt: harness.now, origin: .pushed)))
    harness.submit(limit("working", sol))
    harness.settle()
    harness.advance(by: .milliseconds(100))
    #expect(harness.status("working") == .open)
    for index in 0..<count { harness.submit(limit("s\(index)")) }
    #expect(harness.engine.liveOrders.count == count + 1)
    return harness
  }

  /// How many effects each of these inputs has.
  private static func effects(among count: Int) throws -> [String: Int] {
    let harness = crowd(count)
    let price = try #require(harness.held.first { $0.request.isPrices })
    let poll = try #require(harness.held.first { $0.request.isOrder })
    let signal = harness.arrival(limit("extra"))
    let inputs: [(String, Input)] = [
      ("tick", .tick), ("signal", .signal(signal.0, known: signal.known)),
      ("price failure", .answer(price.id, .failed(.noAnswer("timed out")))),
      ("poll", .answer(poll.id, .order(harness.exchange.ledger[0]))),
      ("lost poll", .answer(poll.id, .failed(.noAnswer("timed out")))),
      ("execution", .execution(harness.exchange.ledger[0])),
      (
        "price of another symbol",
        .price(
          eth,
          MarketPrice(at: traits.name, last: decimal("1"), knownAt: harness.now, origin: .pushed))
      ),
      ("cancel", .command(.cancel(signalID("working")), CommandToken(number: 1))),
    ]
    return Dictionary(
      uniqueKeysWithValues: inputs.map { name, input in
        var engine = harness.engine
        return (name, engine.apply(input, at: harness.now).count)
      })
  }

  @Test func `one more input has the same effects among 100 waiting orders and among 20,000`()
    throws
  {
    let few = try Self.effects(among: 100)
    let many = try Self.effects(among: 20_000)
    #expect(few == many)
    #expect(many.values.allSatisfy { $0 < 20 })
  }

  @Test func `a price that comes lets a crowd go on in parts`() throws {
    let harness = Self.crowd(1_000)
    let price = try #require(harness.held.first { $0.request.isPrices })
    var engine = harness.engine
    let answer = ExchangeAnswer.prices([SymbolPrice(symbol: btc, price: decimal("100"))])
    var approvals: [Int] = []
    var effects = engine.apply(.answer(price.id, answer), at: harness.now)
    repeat {
      approvals.append(
        effects.count {
          if case .write(.appendEvent(let event)) = $0 {
            event.kind == "order_approved"
          } else {
            false
          }
        })
      effects = engine.apply(.tick, at: harness.now)
    } while engine.nextDeadline == harness.now.monotonic
    #expect(approvals.allSatisfy { $0 <= 256 })
    #expect(approvals.reduce(0, +) >= 750)
  }

  @Test func `a change of one order among 20,000 touches that one`() {
    var table = OrderTable()
    for number in 0..<20_000 {
      table.insert(orderLife(number, "s\(number)", lives: Self.life))
    }
    _ = table.takeTouched()
    table.setAlarm(key("s7"), at: monotonic(.seconds(1)))
    table.ring(at: moment(.seconds(1)))
    #expect(table.takeTouched() == [key("s7")])
    _ = table.update(key("s9")) { $0.waiting?.stalePrices += 1 }
    table.remove(key("s8"))
    #expect(table.takeTouched() == [key("s9")])
    #expect(table.count == 19_999)
  }
}
