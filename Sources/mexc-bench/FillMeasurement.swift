import Domain
import Platform

/// Orders that lie at the exchange and are filled later: from the fill to the result.
struct FillMeasurement {
  private static let deadline = Duration.seconds(10)
  private static let symbol = "BTCUSDT"
  private static let price = "64000.00"
  private static let below = "63900.00"

  let bench: Bench

  func run() throws -> BenchSection {
    let simulator = try SimulatorUnderTest(bench)
    let daemon = try DaemonUnderTest(
      bench, .simulator(simulator), in: bench.newDirectory("fill"), maximumAge: .seconds(2))
    let dropper = try SpoolDropper(bench, in: daemon.directory)
    defer { dropper.close() }
    var times = Samples()
    for number in 1...bench.extent.fills {
      let signal = BenchSignal(number, .bitcoin, price: Self.below)
      try dropper.prepare(signal)
      _ = try dropper.drop(signal)
      try daemon.waitUntilOpen()
      let start = Clock.monotonic()
      try simulator.movePrice(of: Self.symbol, to: Self.below)
      let result = try bench.time("the result of a fill", for: Self.deadline, of: daemon) {
        dropper.result(of: signal)
      }
      times.add(result.since(start))
      try simulator.movePrice(of: Self.symbol, to: Self.price)
    }
    try daemon.stop()
    try simulator.checkAtMostOnce()
    try simulator.stop()
    return BenchSection(
      name: "fill", title: "Fill: an open order is filled → its result stands in done/",
      unit: .microseconds,
      rows: [BenchRow(label: "by file, http and ws", values: times.distribution)],
      notes: [
        "From the request that moves mexc-sim's price; the push that follows from it is within that time."
      ])
  }
}
