import Domain
import Platform

/// From a file's rename to its order on the wire: the daemon and a plain C program that does the same
/// work one step after the other, in turns against the same exchange.
///
/// A pair is a signal for each, one right after the other; who is first alternates. Nothing else goes
/// on meanwhile: before the next signal everything is settled.
final class CompareMeasurement {
  private enum Price: String, CaseIterable {
    case asked = "price by REST"
    case known = "price known"
    case knownRunIn = "price known, C program run in"
    case pushed = "price pushed"

    var venue: BenchVenue {
      switch self {
      case .asked, .known, .knownRunIn: .fast(.https)
      case .pushed: .pushing
      }
    }

    /// The C program's. While its WAL grows, the file system commits the new size with each commit.
    var database: ReferenceProgram.Database {
      switch self {
      case .asked, .known, .pushed: .fresh
      case .knownRunIn: .runIn
      }
    }

    /// A price that was asked for is too old when the next pair has its turn, at the least 100 ms
    /// later; but not before the order has left that it was asked for. Where prices are pushed it is
    /// what it is by default.
    var maximumAge: Duration {
      switch self {
      case .asked: .milliseconds(90)
      case .known, .knownRunIn: .seconds(60)
      case .pushed: .seconds(2)
      }
    }
  }

  private struct Lane {
    let price: Price
    let reference: ReferenceProgram
    let daemon: DaemonUnderTest
    let toReference: SpoolDropper
    let toDaemon: SpoolDropper
    var referenceTimes = Samples()
    var daemonTimes = Samples()
    /// The daemon's time in parts of the C program's, pair by pair.
    var ratios: [Double] = []
    /// Pairs whose price was not had as the row says.
    var leftOut = 0
  }

  private static let deadline = Duration.seconds(10)
  /// Between two signals, so that neither program wakes from what the other one did.
  private static let rest = Duration.milliseconds(10)

  /// A daemon that was just started takes a share of the exchange's limits for used, over their window
  /// of ten seconds, and writes down what it uses before a look-up leaves.
  private static let restAfterStart = Duration.seconds(11)

  private let bench: Bench
  private let log: WireLog
  private var nextNumber = 1

  init(_ bench: Bench) throws {
    self.bench = bench
    log = try bench.exchange().exchange.log
  }

  func run() throws -> BenchSection {
    var lanes = try Price.allCases.map(lane)
    // The first signals find cold caches.
    for index in lanes.indices { try warmUp(lanes[index]) }
    try bench.pass(Self.restAfterStart)
    let count = bench.extent.signals
    while lanes.contains(where: { $0.ratios.count < count }) {
      for index in lanes.indices where lanes[index].ratios.count < count {
        try measure(&lanes[index])
      }
    }
    for lane in lanes {
      if lane.price == .pushed { try lane.daemon.checkStreams() }
      lane.toReference.close()
      lane.toDaemon.close()
      try lane.reference.stop(bench)
      try lane.daemon.stop()
    }
    try bench.checkAtMostOnce()
    return section(lanes)
  }

  private func lane(_ price: Price) throws -> Lane {
    let reference = try ReferenceProgram(
      bench, price.venue, in: bench.newDirectory("reference"), asksPrice: price == .asked,
      price.database)
    let daemon = try DaemonUnderTest(
      bench, price.venue, in: bench.newDirectory("compare"), maximumAge: price.maximumAge)
    if price == .pushed { try daemon.waitForStreams() }
    return Lane(
      price: price, reference: reference, daemon: daemon,
      toReference: try SpoolDropper(bench, in: reference.directory),
      toDaemon: try SpoolDropper(bench, in: daemon.directory))
  }

  // MARK: Signals

  private static let warmUps = 10

  private func warmUp(_ lane: Lane) throws {
    for _ in 0..<Self.warmUps {
      _ = try passReference(lane)
      _ = try passDaemon(lane)
    }
  }

  private func measure(_ lane: inout Lane) throws {
    let reference: Duration
    let passage: (time: Duration, isLookedUp: Bool)
    if lane.ratios.count % 2 == 0 {
      reference = try passReference(lane)
      passage = try passDaemon(lane)
    } else {
      passage = try passDaemon(lane)
      reference = try passReference(lane)
    }
    // A price that was known may have grown old meanwhile: that is no pair.
    guard passage.isLookedUp == (lane.price == .asked) else { return try leaveOut(&lane) }
    lane.referenceTimes.add(reference)
    lane.daemonTimes.add(passage.time)
    lane.ratios.append(
      Double(passage.time.wholeNanoseconds) / Double(reference.wholeNanoseconds))
  }

  /// Of the wished pairs, and one of few. What is left of more is no fair sample.
  private static let leftOutMaximumPercent = 5

  private func leaveOut(_ lane: inout Lane) throws {
    lane.leftOut += 1
    let wished = bench.extent.signals
    let most = max(1, wished * Self.leftOutMaximumPercent / 100)
    guard lane.leftOut <= most else {
      throw BenchError.failed(
        "'\(lane.price.rawValue)' was not so for \(lane.leftOut) of "
          + "\(lane.leftOut + lane.ratios.count) pairs, and of \(wished) that are wanted it may be "
          + "\(most): measure again while the machine has less to do")
    }
  }

  private func makeSignal() -> BenchSignal {
    defer { nextNumber += 1 }
    return BenchSignal(nextNumber)
  }

  private func passReference(_ lane: Lane) throws -> Duration {
    let signal = makeSignal()
    // It names its orders like their signals.
    guard let order = ClientOrderID(signal.id.text) else {
      throw BenchError.failed("'\(signal.id)' is no order's name")
    }
    let time = try pass(signal, as: order, lane.toReference, lane.reference)
    try bench.wait("the C program to be done", for: Self.deadline) {
      !lane.toReference.isWaiting(signal)
    }
    return time
  }

  private func passDaemon(_ lane: Lane) throws -> (time: Duration, isLookedUp: Bool) {
    let signal = makeSignal()
    let lookUps = log.priceRequests
    let order = signal.clientOrderID(account: lane.daemon.account)
    let time = try pass(signal, as: order, lane.toDaemon, lane.daemon)
    let isLookedUp = log.priceRequests > lookUps
    try lane.daemon.waitUntilSettled()
    return (time, isLookedUp)
  }

  /// From the rename of a signal's file to its order on the wire.
  private func pass(
    _ signal: BenchSignal, as order: ClientOrderID, _ dropper: SpoolDropper,
    _ program: any ProgramUnderTest
  ) throws -> Duration {
    try dropper.prepare(signal)
    try bench.pass(Self.rest)
    return try dropper.timeToWire(of: signal, as: order, within: Self.deadline, by: program)
  }

  // MARK: Report

  private func section(_ lanes: [Lane]) -> BenchSection {
    var rows: [BenchRow] = []
    for lane in lanes {
      let ratio = lane.daemonTimes.median.ratio(to: lane.referenceTimes.median)
      rows += [
        row(lane, lane.reference.name, lane.referenceTimes, ratio: 1, ofPairs: 1),
        row(lane, lane.daemon.name, lane.daemonTimes, ratio: ratio, ofPairs: lane.ratios.median),
      ]
    }
    return BenchSection(
      name: "compare", title: "Compare: rename → wire over TLS, beside a plain C program",
      unit: .microseconds, rows: rows,
      notes: [
        "The C program: inotify, read, one SQLite commit (WAL, FULL), ticker by REST where the",
        "price is not known, HMAC, POST; one step after the other, and nothing else.",
        "Its database is new: until the first checkpoint each of its commits makes the WAL longer, and",
        "the file system has to commit that, too. Run in: 1,000 commits and a checkpoint lie behind it,",
        "and it writes over its WAL, as after a day of use.",
        "Price known: from an answer of the last minute. Price pushed: over the stream, ten times a",
        "second, as it is in use; the C program takes it for known in both.",
        "Ratio: of the medians. Of pairs: the median of the ratios of signals in a row. Left out: pairs",
        "whose price was not had in this way.",
      ])
  }

  private func row(
    _ lane: Lane, _ program: String, _ times: Samples, ratio: Double, ofPairs: Double
  ) -> BenchRow {
    BenchRow(
      label: "\(lane.price.rawValue): \(program)",
      values: times.distribution + [
        ("p99 to p50", .ratio(times.nanoseconds(percent: 99).ratio(to: times.median))),
        ("ratio", .ratio(ratio)), ("of pairs", .ratio(ofPairs)), ("left out", .count(lane.leftOut)),
      ])
  }
}
