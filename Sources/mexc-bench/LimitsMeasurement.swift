import Domain
import JSON
import Platform

/// Signals at once over three symbols, against an exchange with its limits: how much of them is used.
struct LimitsMeasurement {
  /// The exchange takes so many orders that are sent one by one; those of one `batchOrders` count once.
  private static let ordersPerSecond = 12
  private static let window = Duration.seconds(10)
  /// The requests by which an order is looked up.
  private static let lookUps = [
    "GET /api/v3/order", "GET /api/v3/openOrders", "GET /api/v3/allOrders", "GET /api/v3/myTrades",
  ]

  let bench: Bench

  func run() throws -> BenchSection {
    let simulator = try SimulatorUnderTest(bench)
    let daemon = try DaemonUnderTest(
      bench, .simulator(simulator), in: bench.newDirectory("limits"), maximumAge: .seconds(2))
    let before = try Self.lookUps(in: simulator.ledger())
    let count = bench.extent.limits
    let start = Clock.monotonic()
    _ = try BurstMeasurement.drop(BenchSignal.overEveryMarket(count), to: daemon, bench)
    try daemon.waitUntilSettled()
    let whole = Clock.monotonic().since(start)
    let ledger = try simulator.ledger()
    try daemon.stop()
    try simulator.stop()
    let times = try Self.times(of: ledger, count)
    let lookUps = Self.lookUps(in: ledger) - before
    return BenchSection(
      name: "limits", title: "Limits: signals at once over three symbols, mexc-sim with its limits",
      unit: .milliseconds,
      rows: [
        BenchRow(
          label: "orders by file, http",
          values: [
            ("n", .count(times.count)), ("whole", .time(nanoseconds: whole.wholeNanoseconds)),
            ("share", .ratio(Self.share(times))),
            ("throttled", .count(Self.count("throttled_429", in: ledger))),
            ("looks each", .ratio(Double(lookUps) / Double(times.count))),
          ])
      ],
      notes: [
        "Share: of the \(Self.ordersPerSecond) orders a second that the exchange takes one by one, in the "
          + "worst \(Self.window) of the burst; above 1 where orders of a symbol leave together.",
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

  /// In the window after any of the orders that ends before the last one; of the whole, where none does.
  private static func share(_ times: [WallTime]) -> Double {
    guard let first = times.first, let last = times.last, last > first else { return 0 }
    let allowed = Double(ordersPerSecond) * Double(window.wholeMilliseconds) / 1_000
    let counts = times.filter { $0.advanced(by: window) <= last }.map { start in
      times.count { $0 > start && $0 <= start.advanced(by: window) }
    }
    if let least = counts.min() { return Double(least) / allowed }
    let span = Double(last.since(first).wholeMilliseconds) / 1_000
    return Double(times.count - 1) / (Double(ordersPerSecond) * span)
  }

  private static func lookUps(in ledger: JSONValue) -> Int {
    let routes = ledger["counts"]?["by_route"]
    return lookUps.reduce(0) { $0 + (routes?[$1]?.numberValue.flatMap { Int($0) } ?? 0) }
  }

  private static func count(_ name: String, in ledger: JSONValue) -> Int {
    ledger["counts"]?[name]?.numberValue.flatMap { Int($0) } ?? 0
  }
}
