import Domain
import Platform

/// From one signal to its order on the wire, when nothing else is going on.
///
/// The lanes take turns, so that a disturbance of the machine meets all of them alike. A round ends
/// when every order of it is settled.
final class SignalMeasurement {
  /// What happened on the way of a signal that was measured.
  private struct Passage: Hashable {
    let scheme: Bench.Scheme
    let isLookedUp: Bool
  }

  /// Times since the signal was handed over.
  private struct Times {
    var fileToWire = Samples()
    var fileToResult = Samples()
    var socketToAnswer = Samples()
    var socketToWire = Samples()
  }

  /// A daemon, and the two ways into it. A look-up for one symbol says nothing of the other, so
  /// both ways can be measured in one round.
  private struct Lane {
    let scheme: Bench.Scheme
    let daemon: DaemonUnderTest
    let dropper: SpoolDropper
    let socket: UnixClient
  }

  /// A price is too old by the next round, whose orders take 100 ms to settle at the least; but not
  /// before the order that it was looked up for has left.
  private static let shortAge = Duration.milliseconds(90)
  /// A price is looked up once a minute, no matter what.
  private static let longAge = Duration.seconds(60)
  private static let deadline = Duration.seconds(10)

  private let bench: Bench
  private let log: WireLog
  private var times: [Passage: Times] = [:]
  private var nextNumber = 1

  init(_ bench: Bench) throws {
    self.bench = bench
    log = try bench.exchange().exchange.log
  }

  func run() throws -> BenchSection {
    var lanes: [Lane] = []
    for scheme in Bench.Scheme.allCases {
      for age in [Self.shortAge, Self.longAge] { lanes.append(try lane(scheme, age)) }
    }
    for _ in 0..<bench.extent.signals {
      var dropped: [(Lane, BenchSignal, MonotonicTime, Passage)] = []
      for lane in lanes {
        let signal = makeSignal(.bitcoin)
        let (start, passage) = try dropFile(signal, lane)
        dropped.append((lane, signal, start, passage))
      }
      for lane in lanes { try sendLine(makeSignal(.ether), lane) }
      for (lane, signal, start, passage) in dropped {
        let end = try result(of: signal, lane)
        times[passage, default: Times()].fileToResult.add(end.since(start))
      }
      for lane in lanes { try lane.daemon.waitUntilSettled() }
    }
    for lane in lanes {
      lane.dropper.close()
      try lane.daemon.stop()
    }
    try bench.checkAtMostOnce()
    return section
  }

  private func lane(_ scheme: Bench.Scheme, _ age: Duration) throws -> Lane {
    let daemon = try DaemonUnderTest(
      bench, .fast(scheme), in: bench.newDirectory("signal"), maximumAge: age)
    return Lane(
      scheme: scheme, daemon: daemon, dropper: try SpoolDropper(bench, in: daemon.directory),
      socket: try daemon.connectSignals())
  }

  private func makeSignal(_ market: BenchSignal.Market) -> BenchSignal {
    defer { nextNumber += 1 }
    return BenchSignal(nextNumber, market)
  }

  // MARK: One signal

  private func dropFile(
    _ signal: BenchSignal, _ lane: Lane
  ) throws -> (start: MonotonicTime, Passage) {
    try lane.dropper.prepare(signal)
    let lookUps = log.priceRequests
    let start = try lane.dropper.drop(signal)
    let arrival = try arrival(of: signal, lane)
    let passage = Passage(scheme: lane.scheme, isLookedUp: log.priceRequests > lookUps)
    times[passage, default: Times()].fileToWire.add(arrival.since(start))
    try lane.daemon.waitUntilPlaced()
    return (start, passage)
  }

  private func sendLine(_ signal: BenchSignal, _ lane: Lane) throws {
    let lookUps = log.priceRequests
    let start = Clock.monotonic()
    let answer = try lane.socket.request(signal.bytes, until: start.advanced(by: Self.deadline))
    let answered = Clock.monotonic()
    try lane.daemon.checkAccepted(answer)
    let arrival = try arrival(of: signal, lane)
    let passage = Passage(scheme: lane.scheme, isLookedUp: log.priceRequests > lookUps)
    times[passage, default: Times()].socketToAnswer.add(answered.since(start))
    times[passage, default: Times()].socketToWire.add(arrival.since(start))
    try lane.daemon.waitUntilPlaced()
  }

  private func arrival(of signal: BenchSignal, _ lane: Lane) throws -> MonotonicTime {
    let order = signal.clientOrderID(account: lane.daemon.account)
    return try bench.time("the order of a signal", for: Self.deadline, of: lane.daemon) {
      log.arrival(of: order)
    }
  }

  private func result(of signal: BenchSignal, _ lane: Lane) throws -> MonotonicTime {
    try bench.time("the result of a signal", for: Self.deadline, of: lane.daemon) {
      lane.dropper.result(of: signal)
    }
  }

  // MARK: Report

  private var section: BenchSection {
    var rows: [BenchRow] = []
    for scheme in Bench.Scheme.allCases {
      for isLookedUp in [false, true] {
        let passage = Passage(scheme: scheme, isLookedUp: isLookedUp)
        guard let times = times[passage] else { continue }
        let state = scheme.rawValue + (isLookedUp ? ", price looked up: " : ", price known: ")
        rows += [
          BenchRow(label: state + "rename → wire", values: times.fileToWire.distribution),
          BenchRow(label: state + "rename → result", values: times.fileToResult.distribution),
          BenchRow(label: state + "line → accepted", values: times.socketToAnswer.distribution),
          BenchRow(label: state + "line → wire", values: times.socketToWire.distribution),
        ]
      }
    }
    return BenchSection(
      name: "signal", title: "Signal: one at a time, each until its order is settled",
      unit: .microseconds, rows: rows,
      notes: [
        "On the wire: the last byte of POST /api/v3/order has reached the exchange.",
        "A result waits for the first look at the order, 100 ms after it was placed.",
      ])
  }
}
