import Domain
import JSON
import Platform

/// Signals at once over three symbols, against an exchange with its limits: how much of them is used.
struct LimitsMeasurement {
  /// The exchange takes so many orders that are sent one by one; those of one `batchOrders` count once.
  private static let ordersPerSecond = 12
  private static let window = Duration.seconds(10)
  /// The requests that count among these.
  private static let placements = ["POST /api/v3/order", "POST /api/v3/batchOrders"]
  /// The requests by which an order is looked up.
  private static let lookUps = [
    "GET /api/v3/order", "GET /api/v3/openOrders", "GET /api/v3/allOrders", "GET /api/v3/myTrades",
  ]

  let bench: Bench

  func run() throws -> BenchSection {
    let simulator = try SimulatorUnderTest(bench)
    let daemon = try DaemonUnderTest(
      bench, .simulator(simulator), in: bench.newDirectory("limits"), maximumAge: .seconds(2))
    let before = try Self.count(Self.lookUps, in: simulator.ledger())
    let count = bench.extent.limits
    let start = Clock.monotonic()
    _ = try BurstMeasurement.drop(BenchSignal.overEveryMarket(count), to: daemon, bench)
    try daemon.waitUntilSettled()
    let whole = Clock.monotonic().since(start)
    let ledger = try simulator.ledger()
    try daemon.stop()
    try simulator.stop()
    let times = try Self.times(of: ledger, count)
    let lookUps = Self.count(Self.lookUps, in: ledger) - before
    let requests = Self.count(Self.placements, in: ledger)
    let windows = Self.windows(times)
    return BenchSection(
      name: "limits", title: "Limits: signals at once over three symbols, mexc-sim with its limits",
      unit: .milliseconds,
      rows: [
        BenchRow(
          label: "orders by file, http",
          values: [
            ("n", .count(times.count)), ("whole", .time(nanoseconds: whole.wholeNanoseconds)),
            ("share", .ratio(Self.share(times, windows))), ("windows", .count(windows.count)),
            ("share of requests", .ratio(Self.share(ofRequests: requests, times))),
            ("throttled", .count(Self.count("throttled_429", in: ledger))),
            ("looks each", .ratio(Double(lookUps) / Double(times.count))),
          ])
      ],
      notes: [
        "Share: of the \(Self.ordersPerSecond) orders a second that the exchange takes one by one, in the "
          + "worst of the windows of \(Self.window) that follow an order and end before the last one, "
          + "or in the whole time where there is no window; above 1 where orders of a symbol leave "
          + "together.",
        "Share of requests: of the same \(Self.ordersPerSecond) a second, the requests that placed these "
          + "orders, in the whole time and a second more, as that many may leave when it begins.",
        "Throttled: answers 429. Looks: requests by which orders were looked up, of each order.",
      ])
  }

  /// When the exchange accepted the orders. Throws when one is missing or there are two of one.
  private static func times(of ledger: JSONValue, _ count: Int) throws -> [WallTime] {
    let copies = ledger["accepted_by_client_order_id"]?.objectValue ?? []
    guard copies.count == count, copies.allSatisfy({ $0.value.numberValue == "1" }) else {
      throw BenchError.failed("of \(count) signals the exchange has the orders \(copies)")
    }
    return (ledger["orders"]?.arrayValue ?? []).compactMap { order in
      order["accepted_at"]?.numberValue.flatMap { Int64($0) }.map { WallTime(milliseconds: $0) }
    }.sorted()
  }

  /// How many orders each window has that follows an order and ends before the last one.
  private static func windows(_ times: [WallTime]) -> [Int] {
    guard let last = times.last else { return [] }
    return times.filter { $0.advanced(by: window) <= last }.map { start in
      times.count { $0 > start && $0 <= start.advanced(by: window) }
    }
  }

  /// In the worst window; of the whole, where there is none.
  private static func share(_ times: [WallTime], _ windows: [Int]) -> Double {
    if let least = windows.min() { return Double(least) / allowed(in: window) }
    let span = Self.span(times)
    return span > .zero ? Double(times.count - 1) / allowed(in: span) : 0
  }

  /// Into the second that is added fall those that leave at once when the time begins.
  private static func share(ofRequests count: Int, _ times: [WallTime]) -> Double {
    Double(count) / allowed(in: span(times) + .seconds(1))
  }

  private static func allowed(in duration: Duration) -> Double {
    Double(ordersPerSecond) * Double(duration.wholeMilliseconds) / 1_000
  }

  private static func span(_ times: [WallTime]) -> Duration {
    guard let first = times.first, let last = times.last else { return .zero }
    return last.since(first)
  }

  private static func count(_ routes: [String], in ledger: JSONValue) -> Int {
    let counts = ledger["counts"]?["by_route"]
    return routes.reduce(0) { $0 + (counts?[$1]?.numberValue.flatMap { Int($0) } ?? 0) }
  }

  private static func count(_ name: String, in ledger: JSONValue) -> Int {
    ledger["counts"]?[name]?.numberValue.flatMap { Int($0) } ?? 0
  }
}
