import Daemon
import Domain
import Execution
import Simulation
import Testing

/// One more venue is one conformance and the lines that wire it: nothing else knows which it is.
@Suite struct ToyVenueTests {
  private struct Never: Error {}

  /// A clock that only the test moves, and what came out of the driver.
  private final class Run {
    var now = Moment(
      wall: WallTime(milliseconds: 1_700_000_000_000),
      monotonic: MonotonicTime(nanoseconds: 1_000_000_000))
    var written: [StoreWrite] = []
    var answers: [SignalAnswer] = []
    var outcomes: [Execution.Outcome] = []
    var link: ExchangeLink?
    var driver: EngineDriver<any Error>?
  }

  private func configuration(_ symbol: Symbol) -> EngineConfiguration {
    EngineConfiguration(
      mode: .live, account: "main",
      price: .init(maximumAge: .seconds(2), maximumDeviation: FixedDecimal(200)),
      risk: .init(
        symbols: [symbol], maximumOrderQuote: FixedDecimal(1_000), maximumOpenOrders: 5,
        maximumOrdersPerMinute: 5, maximumDailyQuote: nil, pauseOnNotFound: .symbol),
      rateLimits: .init(
        ipWeight: 400, uidWeight: 400, window: .seconds(10), ordersPerSecond: 10,
        utilisation: FixedDecimal(1)),
      receiveWindow: .seconds(5), settleTime: .seconds(60), defaultTimeToLive: .seconds(30),
      venue: ToyVenue.traits)
  }

  private func begin(_ run: Run, _ exchange: ToyExchange, _ symbol: Symbol) {
    run.link = ExchangeLink(
      client: exchange, venue: ToyVenue(receiveWindow: .seconds(5)), now: { run.now }
    ) { input in
      run.driver?.feed(input)
    }
    let engine = Engine(
      configuration(symbol), restoring: StoredState(), signals: [:], at: run.now)
    run.driver = EngineDriver(
      engine: engine, storage: .init(write: { run.written.append($0) }, commit: { _ in }),
      now: { run.now },
      edges: .init(
        send: { run.link?.send($0) }, withdrawUnsent: { _ in },
        answer: { _, answer in run.answers.append(answer) },
        settle: { run.outcomes.append($0) }, doubt: { _, _ in }, answerCommand: { _, _ in },
        log: { _ in }, watchPrices: { _ in }, connectAccountStream: {}, storageFailed: { _ in }))
  }

  @Test func `a signal is placed and followed at another venue`() throws {
    let symbol = try #require(Symbol(exchangeText: "TOYUSDT"))
    let id = try #require(SignalID("first"))
    let name = try #require(ClientOrderID("toy-first"))
    let run = Run()
    let exchange = ToyExchange { run.now }
    begin(run, exchange, symbol)
    let driver = try #require(run.driver)
    driver.feed(.tick)
    driver.finish()
    #expect(driver.engine.isTradingOpen)

    let signal = Signal(
      id: id, symbol: symbol, side: .sell, type: .limit, amount: .base(FixedDecimal(2)),
      price: FixedDecimal(99))
    driver.feed(
      .signal(
        SignalArrival(
          signal: signal, canonicalText: signal.canonicalText, raw: [], contentDigest: [],
          clientOrderID: name, origin: .socket("test"), arrivedAt: run.now.wall,
          receipt: Receipt(number: 1)), known: nil))
    driver.finish()
    #expect(run.answers.map(\.code) == [.accepted])
    #expect(exchange.targets.last == "POST /orders/TOYUSDT/toy-first/sell/limit/base/2/99")
    run.now = run.now.advanced(by: .milliseconds(100))
    driver.finish()
    let outcome = try #require(run.outcomes.first)
    #expect(outcome.order.status == .filled)
    #expect(outcome.order.averagePrice == FixedDecimal(99))
    #expect(
      exchange.targets == [
        "GET /now", "GET /rules/TOYUSDT", "GET /prices/TOYUSDT",
        "POST /orders/TOYUSDT/toy-first/sell/limit/base/2/99", "GET /orders/TOYUSDT/number/7",
      ])
  }
}
