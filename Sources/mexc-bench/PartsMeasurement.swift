import CAllocations
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
import Transport

/// The pieces of the way, inside this process: the same code as the daemon's, on a clock that is
/// handed to it.
final class PartsMeasurement {
  /// A piece of the way, by the name that the table shows.
  enum Part: String, CaseIterable {
    case reading = "strict reading of a signal"
    case naming = "its digest and client order ID"
    case turn = "engine: signal → approved and armed"
    case writing = "store: that turn, written"
    case commit = "store: its commit"
    case request = "the placement, signed, as bytes"
    case answer = "its answer, read"
  }

  /// What a signal takes, piece by piece.
  struct Passage {
    var time: [Part: Duration] = [:]
    /// Blocks that were asked of the heap.
    var allocations: [Part: Int] = [:]
    var isSynced = false

    var wholeTime: Duration { time.values.reduce(.zero, +) }
    var wholeAllocations: Int { allocations.values.reduce(0, +) }
  }

  private static let account = "bench"
  /// The engine is given this much time between two signals: enough for the order to be looked up.
  private static let step = Duration.seconds(1)
  /// Prices stay usable, so that every turn is the same: a signal whose order leaves at once.
  private static let maximumAge = Duration.seconds(1_000_000)

  private let bench: Bench
  private let store: OrderStore
  private var venue: MEXCSpot
  private let serializer: HTTPRequestSerializer
  private var bytes: [UInt8] = []
  private var parser = HTTPResponseParser()
  private let instrument: Instrument
  private var engine: Engine
  private var now: Moment
  private var requests: [String: OrderRequest] = [:]

  init(_ bench: Bench) throws {
    self.bench = bench
    store = try OrderStore(path: bench.newDirectory("parts") + "/state.db")
    try store.write(
      .setOwner(
        DatabaseOwner(
          account: TradingAccount(venue: MEXCSpot.spotTraits.name, name: Self.account), mode: .live,
          since: Clock.wall())))
    try store.commit()
    let key = Secret(copying: Array(SimulatorConfiguration.demoKey.utf8))
    let secret = Secret(copying: Array(SimulatorConfiguration.demoSecret.utf8))
    let credentials = try MEXC.Credentials(apiKey: key, secret: secret)
    venue = MEXCSpot(credentials: credentials, receiveWindow: .seconds(5))
    serializer = HTTPRequestSerializer(
      endpoint: try Endpoint("https://api.mexc.com"), userAgent: "mexc-bench")
    var instrument = Listing.standard[0].rules
    instrument.venue = MEXCSpot.spotTraits.name
    self.instrument = instrument
    var configuration = Configuration()
    configuration.mode = .live
    configuration.exchange.account = Self.account
    configuration.price.maximumAge = Self.maximumAge
    configuration.risk.symbols = .listed([instrument.symbol])
    configuration.risk.maximumOrderQuote = FixedDecimal(1_000)
    configuration.risk.maximumDailyQuote = nil
    now = Clock.now()
    engine = Engine(
      configuration.engineConfiguration(venue: MEXCSpot.spotTraits), restoring: StoredState(),
      signals: [:], at: now)
  }

  /// Every second signal's commit is synced.
  func passages() throws -> [Passage] {
    try settle(engine.apply(.tick, at: now))
    // The first signal has the price looked up, and is not like the others.
    _ = try pass(BenchSignal(0), isSynced: true)
    return try (1...bench.extent.repetitions).map { number in
      if bench.isStopping { throw BenchError.interrupted }
      return try pass(BenchSignal(number), isSynced: number % 2 == 0)
    }
  }

  func run() throws -> BenchSection {
    let passages = try passages()
    let unsynced = passages.filter { !$0.isSynced }
    var rows = Part.allCases.map { part in
      Self.row(part.rawValue, unsynced.compactMap { $0.time[part] })
    }
    let synced = passages.filter(\.isSynced).compactMap { $0.time[.commit] }
    rows += [
      Self.row("all of it", unsynced.map(\.wholeTime)),
      Self.row("store: a commit with its sync", synced),
    ]
    return BenchSection(
      name: "parts", title: "Parts: inside one process, the price known", unit: .nanoseconds,
      rows: rows, notes: ["The state lies in \(bench.scratch.path)."])
  }

  private static func row(_ label: String, _ times: [Duration]) -> BenchRow {
    var samples = Samples()
    for time in times { samples.add(time) }
    return BenchRow(
      label: label,
      values: [
        ("n", .count(samples.count)), ("min", samples.percentile(0)),
        ("median", samples.percentile(50)), ("p99", samples.percentile(99)),
      ])
  }

  // MARK: One signal

  /// What has been spent since the last lap. Reading the clock twice costs some 50 ns, which is part of
  /// every time.
  private struct Meter {
    private(set) var passage: Passage
    private var start = Clock.monotonic()
    private var count = callocations_count()

    init(isSynced: Bool) { passage = Passage(isSynced: isSynced) }

    mutating func lap(_ part: Part) {
      let (end, count) = (Clock.monotonic(), callocations_count())
      passage.time[part] = end.since(start)
      passage.allocations[part] = Int(count - self.count)
      skip()
    }

    /// Begins anew: what was done since the last lap is no part.
    mutating func skip() {
      count = callocations_count()
      start = Clock.monotonic()
    }
  }

  /// Carries one signal from its bytes to the end of its order.
  private func pass(_ input: BenchSignal, isSynced: Bool) throws -> Passage {
    now = now.advanced(by: Self.step)
    var meter = Meter(isSynced: isSynced)
    let signal = try SignalReader.read(input.bytes, maximumBytes: input.bytes.count)
    meter.lap(.reading)
    let canonical = signal.canonicalBytes
    let text = String(decoding: canonical, as: UTF8.self)
    let digest = Digest.sha256(canonical)
    let name = ClientOrderID(account: Self.account, signal: signal.id)
    meter.lap(.naming)
    let arrival = SignalArrival(
      signal: signal, canonicalText: text, raw: input.bytes, contentDigest: digest,
      clientOrderID: name, origin: .file(Array("\(signal.id).json".utf8)), arrivedAt: now.wall,
      receipt: Receipt(number: 1))
    meter.skip()
    let effects = engine.apply(.signal(arrival, known: nil), at: now)
    meter.lap(.turn)
    for write in effects.writes { try store.write(write) }
    meter.lap(.writing)
    try store.commit(isSynced ? .synced : .written)
    meter.lap(.commit)
    for case .send(let dispatch) in effects where dispatch.isPlacement {
      try place(dispatch, &meter)
    }
    try settle(effects, isStored: true)
    return meter.passage
  }

  private func place(_ dispatch: Dispatch, _ meter: inout Meter) throws {
    meter.skip()
    guard let request = venue.httpRequest(for: dispatch.request, stampedAt: dispatch.stampedAt)
    else { throw BenchError.failed("the placement was not signed") }
    try serializer.write(request, to: &bytes)
    meter.lap(.request)
    guard case .complete(let response, _, _) = parser.feed(Self.acknowledgement.span),
      case .placed = venue.answer(to: dispatch.request, .success(response), now: now.wall)
    else { throw BenchError.failed("the answer to the placement was not understood") }
    meter.lap(.answer)
  }

  private static let acknowledgement: [UInt8] = {
    let body = """
      {"symbol":"BTCUSDT","orderId":"C02__443776347957968896088","orderListId":-1,\
      "price":"64100","origQty":"0.001","type":"LIMIT","side":"BUY","stpMode":"",\
      "transactTime":1661938980268}
      """
    let head = """
      HTTP/1.1 200 OK\r
      Content-Type: application/json\r
      Content-Length: \(body.utf8.count)\r
      Connection: keep-alive\r\n\r\n
      """
    return Array((head + body).utf8)
  }()

  /// Answers every request that leaves, and lets time pass, until nothing is under way.
  private func settle(_ effects: [Effect], isStored: Bool = false) throws {
    var effects = effects
    var isStored = isStored
    while true {
      if !isStored { for write in effects.writes { try store.write(write) } }
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
