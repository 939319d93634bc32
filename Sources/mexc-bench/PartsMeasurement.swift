import Configuration
import Cryptography
import Daemon
import Domain
import Execution
import Intake
import MEXC
import Matching
import Platform
import SimulatedExchange
import Store

/// The pieces of the way, inside this process: the same code as the daemon's, on a clock that is
/// handed to it.
final class PartsMeasurement {
  /// Reading the clock twice costs some 50 ns, which is part of every time.
  private struct Times {
    var reading = Samples()
    var naming = Samples()
    var turn = Samples()
    var commit = Samples()
    var signing = Samples()
  }

  private static let account = "bench"
  /// The engine is given this much time between two signals: enough for the order to be looked up.
  private static let step = Duration.seconds(1)
  /// Prices stay usable, so that every turn is the same: a signal whose order leaves at once.
  private static let maximumAge = Duration.seconds(1_000_000)

  private let bench: Bench
  private let store: OrderStore
  private let venue: MEXCSpot
  private let instrument: Instrument
  private var engine: Engine
  private var now: Moment
  private var times = Times()
  private var requests: [String: OrderRequest] = [:]

  init(_ bench: Bench) throws {
    self.bench = bench
    store = try OrderStore(path: bench.newDirectory("parts") + "/state.db")
    let key = Secret(copying: Array(SimulatorConfiguration.demoKey.utf8))
    let secret = Secret(copying: Array(SimulatorConfiguration.demoSecret.utf8))
    let credentials = try MEXC.Credentials(apiKey: key, secret: secret)
    venue = MEXCSpot(credentials: credentials, receiveWindow: .seconds(5))
    instrument = Listing.standard[0].rules
    var configuration = Configuration()
    configuration.mode = .live
    configuration.price.maximumAge = Self.maximumAge
    configuration.risk.symbols = .listed([instrument.symbol])
    configuration.risk.maximumOrderQuote = FixedDecimal(1_000)
    configuration.risk.maximumDailyQuote = nil
    now = Clock.now()
    engine = Engine(
      configuration.engineConfiguration(venue: MEXCSpot.spotTraits), restoring: StoredState(),
      signals: [:], at: now)
  }

  func run() throws -> BenchSection {
    try settle(engine.apply(.tick, at: now))
    // The first signal has the price looked up, and is not like the others.
    try pass(BenchSignal(0), &times)
    times = Times()
    for number in 1...bench.extent.repetitions {
      if bench.isStopping { throw BenchError.interrupted }
      try pass(BenchSignal(number), &times)
    }
    return BenchSection(
      name: "parts", title: "Parts: inside one process", unit: .nanoseconds,
      rows: [
        row("strict reading of a signal", times.reading),
        row("its digest and client order ID", times.naming),
        row("engine: signal → approved and armed", times.turn),
        row("store: that turn, written and committed", times.commit),
        row("signing the placement", times.signing),
      ], notes: ["The state lies in \(bench.scratch.path)."])
  }

  private func row(_ label: String, _ samples: Samples) -> BenchRow {
    BenchRow(
      label: label,
      values: [
        ("n", .count(samples.count)), ("min", samples.percentile(0)),
        ("median", samples.percentile(50)), ("p99", samples.percentile(99)),
      ])
  }

  /// Carries one signal from its bytes to the end of its order.
  private func pass(_ input: BenchSignal, _ times: inout Times) throws {
    now = now.advanced(by: Self.step)
    var start = Clock.monotonic()
    func lap() -> Duration {
      let end = Clock.monotonic()
      defer { start = end }
      return end.since(start)
    }
    let signal = try SignalReader.read(input.bytes, maximumBytes: input.bytes.count)
    times.reading.add(lap())
    let digest = Digest.sha256(Array(signal.canonicalText.utf8))
    let name = ClientOrderID(account: Self.account, signal: signal.id)
    times.naming.add(lap())
    let arrival = SignalArrival(
      signal: signal, raw: input.bytes, contentDigest: digest, clientOrderID: name,
      origin: .file(Array("\(signal.id).json".utf8)), arrivedAt: now.wall,
      receipt: Receipt(number: 1))
    let effects = engine.apply(.signal(arrival, known: nil), at: now)
    times.turn.add(lap())
    for case .write(let write) in effects { try store.write(write) }
    try store.commit()
    times.commit.add(lap())
    for case .send(let dispatch) in effects where dispatch.isPlacement {
      _ = lap()
      _ = venue.httpRequest(for: dispatch.request, stampedAt: dispatch.stampedAt)
      times.signing.add(lap())
    }
    try settle(effects, isStored: true)
  }

  /// Answers every request that leaves, and lets time pass, until nothing is under way.
  private func settle(_ effects: [Effect], isStored: Bool = false) throws {
    var effects = effects
    var isStored = isStored
    while true {
      if !isStored { for case .write(let write) in effects { try store.write(write) } }
      isStored = false
      try store.commit()
      var next: [Effect] = []
      for case .send(let dispatch) in effects {
        next += engine.apply(.answer(dispatch.id, answer(to: dispatch.request)), at: now)
      }
      if next.isEmpty {
        guard !engine.liveOrders.isEmpty || !engine.isTradingOpen else { return }
        now = now.advanced(by: Self.step)
        next = engine.apply(.tick, at: now)
      }
      effects = next
    }
  }

  /// An exchange that has everything and fills at once.
  private func answer(to request: ExchangeRequest) -> ExchangeAnswer {
    switch request {
    case .serverTime: return .serverTime(now.wall)
    case .instruments: return .instruments([instrument])
    case .tradableSymbols: return .tradableSymbols([instrument.symbol])
    case .keyInformation: return .keyInformation(KeyInformation())
    case .accountRights: return .accountRights(AccountRights(canTrade: true))
    case .prices:
      return .prices([SymbolPrice(symbol: instrument.symbol, price: FixedDecimal(64_000))])
    case .place(let orders):
      return .placed(
        orders.map { order in
          let orderID = "C\(requests.count)"
          requests[orderID] = order
          return .success(orderID)
        })
    case .validate: return .validated
    case .order(_, .orderID(let orderID)):
      guard let request = requests[orderID] else { break }
      return .order(Self.filled(request, orderID))
    case .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      break
    }
    return .failed(.noAnswer("not asked by an engine whose placements are all answered"))
  }

  private static func filled(_ request: OrderRequest, _ orderID: String) -> OrderReport {
    var quantity = FixedDecimal.zero
    if case .base(let base) = request.amount { quantity = base }
    let quote = request.price.flatMap { quantity.multiplied(by: $0, rounding: .down) }
    return OrderReport(
      orderID: orderID, clientOrderID: request.clientOrderID.text, symbol: request.symbol,
      side: request.side, type: request.type, price: request.price, quantity: quantity,
      executedQuantity: quantity, executedQuote: quote ?? .zero, status: .filled)
  }
}
