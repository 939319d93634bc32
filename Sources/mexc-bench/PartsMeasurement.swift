import CAllocations
import Configuration
import Cryptography
import Daemon
import Domain
import Execution
import Intake
import MEXC
import Platform
import SimulatedExchange
import Store
import Transport

/// What the daemon does for one signal that comes alone as a file while its price is pushed, piece by
/// piece and in its order, inside this process: the same code, on a clock that is handed to it.
final class PartsMeasurement {
  /// A piece, by the name that the table shows.
  enum Part: String, CaseIterable {
    case finding = "spool: the file, noticed and read"
    case reading = "strict reading of the signal"
    case announcing = "intake log: its block, the write begun"
    case expecting = "engine: whether to ask for its price"
    case knowing = "store: whether its id is known"
    case naming = "its digest and client order ID"
    case deciding = "engine: signal → approved and armed"
    case yielding = "yields to the kernel's workers"
    case committing = "intake log: the note, and the block on the disk"
    case signing = "the placement, signed"
    case sending = "HTTP client: written to its connection"
    case recording = "store: the turn, brought into the database"
    case claiming = "spool: the file, moved to active/"
    case catchingUp = "store: what nobody waits for"
    case answer = "the placement's answer, read"

    /// Or it comes when the order has left.
    var isOnTheWay: Bool {
      switch self {
      case .finding, .reading, .announcing, .expecting, .knowing, .naming, .deciding, .yielding,
        .committing, .signing, .sending:
        true
      case .recording, .claiming, .catchingUp, .answer: false
      }
    }

    var label: String { (isOnTheWay ? "to the wire, " : "after it, ") + rawValue }
  }

  /// What a signal takes, piece by piece.
  struct Passage {
    var time: [Part: Duration] = [:]
    /// Blocks that were asked of the heap.
    var allocations: [Part: Int] = [:]

    var timeToWire: Duration {
      time.reduce(.zero) { sum, entry in entry.key.isOnTheWay ? sum + entry.value : sum }
    }
    var wholeAllocations: Int { allocations.values.reduce(0, +) }
  }

  /// What the spool has handed over.
  private final class Finding {
    var file: SpoolFile?
  }

  private static let account = "bench"
  /// The engine is given this much time between two signals: enough for the order to be looked up.
  private static let step = Duration.seconds(1)
  private static let deadline = Duration.seconds(10)

  private let bench: Bench
  private let store: OrderStore
  private let spool: SpoolDirectory
  private let finding = Finding()
  private let dropper: SpoolDropper
  private let exchange: PartsExchange
  private var venue: MEXCSpot
  private lazy var driver = makeDriver()
  private var now: Moment
  private var meter: Meter?
  /// What has left and is not answered.
  private var dispatches: [Dispatch] = []
  /// The name of the signal's file in active/.
  private var claimed: Result<[UInt8], SpoolError>?
  private var storeFailure: StoreError?

  init(_ bench: Bench) throws {
    self.bench = bench
    let directory = try bench.newDirectory("parts")
    store = try OrderStore(path: directory + "/state.db")
    try store.write(
      .setOwner(
        DatabaseOwner(
          account: TradingAccount(venue: MEXCSpot.spotTraits.name, name: Self.account), mode: .live,
          since: Clock.wall())))
    try store.commit()
    let intake = Configuration().intake
    spool = try SpoolDirectory(
      path: directory + "/spool", maximumBytes: intake.maximumSignalBytes,
      quietTime: intake.quietTime, loop: bench.loop,
      onFile: { [finding] in finding.file = $0 }, onProblem: { _ in })
    spool.resume()
    dropper = try SpoolDropper(bench, in: directory)
    let key = Secret(copying: Array(SimulatorConfiguration.demoKey.utf8))
    let secret = Secret(copying: Array(SimulatorConfiguration.demoSecret.utf8))
    let credentials = try MEXC.Credentials(apiKey: key, secret: secret)
    venue = MEXCSpot(credentials: credentials, receiveWindow: .seconds(5))
    exchange = try PartsExchange(bench, in: directory)
    now = Clock.now()
  }

  private func makeDriver() -> EngineDriver<StoreError> {
    var configuration = Configuration()
    configuration.mode = .live
    configuration.exchange.account = Self.account
    configuration.risk.symbols = .listed([exchange.instrument.symbol])
    configuration.risk.maximumOrderQuote = FixedDecimal(1_000)
    configuration.risk.maximumDailyQuote = nil
    let engine = Engine(
      configuration.engineConfiguration(venue: MEXCSpot.spotTraits), restoring: StoredState(),
      signals: [:], at: now)
    return EngineDriver(
      engine: engine, storage: storage, now: { [unowned self] in self.now }, edges: edges)
  }

  private var storage: EngineDriver<StoreError>.Storage {
    EngineDriver<StoreError>.Storage(
      write: { [store] write throws(StoreError) in try store.write(write) },
      commit: { [store] durability throws(StoreError) in try store.commit(durability) },
      flush: { [unowned self] () throws(StoreError) in
        try self.store.flush()
        self.meter?.lap(.recording)
      },
      isBehind: { [store] in store.isBehind }, hasGivenUp: { [store] in store.hasGivenUp },
      catchUp: { [unowned self] in
        self.store.catchUp()
        self.meter?.lap(.catchingUp)
      })
  }

  private var edges: EngineDriver<StoreError>.Edges {
    EngineDriver<StoreError>.Edges(
      send: { [unowned self] dispatch in self.send(dispatch) }, withdrawUnsent: { _ in },
      answer: { [unowned self] _, _ in self.claim() }, settle: { _ in }, doubt: { _, _ in },
      answerCommand: { _, _ in }, log: { _ in }, watchPrices: { _ in }, connectAccountStream: {},
      storageFailed: { [unowned self] error in self.storeFailure = error })
  }

  func passages() throws -> [Passage] {
    defer {
      dropper.close()
      spool.close()
      exchange.close()
    }
    driver.feed(.tick)
    try settle()
    // The first signal finds cold caches and growing tables, and is not like the others.
    _ = try pass(BenchSignal(0))
    return try (1...bench.extent.repetitions).map { number in
      if bench.isStopping { throw BenchError.interrupted }
      return try pass(BenchSignal(number))
    }
  }

  func run() throws -> BenchSection {
    let passages = try passages()
    var notes = [
      "The state lies in \(bench.scratch.path).",
      "The daemon also reads the prices that were pushed meanwhile: that is no part.",
      "Of what comes after it, the journal, the engine's turn for the answer, the look at the order",
      "and the result are no part.",
    ]
    if let failure = store.intakeFailure {
      notes.append("There is no intake log, so that each commit is synced: \(failure)")
    }
    var rows = Part.allCases.map { part in Self.row(part.label, passages.map { $0.time[part] }) }
    rows.append(Self.row("to the wire, all of it", passages.map(\.timeToWire)))
    return BenchSection(
      name: "parts", title: "Parts: one signal at a time inside one process, the price pushed",
      unit: .nanoseconds, rows: rows, notes: notes)
  }

  private static func row(_ label: String, _ times: [Duration?]) -> BenchRow {
    var samples = Samples()
    for case let time? in times { samples.add(time) }
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
    private(set) var passage = Passage()
    private var start = Clock.monotonic()
    private var count = callocations_count()

    mutating func lap(_ part: Part) {
      let (end, count) = (Clock.monotonic(), callocations_count())
      passage.time[part, default: .zero] += end.since(start)
      passage.allocations[part, default: 0] += Int(count - self.count)
      skip()
    }

    /// Begins anew: what was done since the last lap is no part.
    mutating func skip() {
      count = callocations_count()
      start = Clock.monotonic()
    }
  }

  /// Carries one signal from its file to the end of its order.
  private func pass(_ input: BenchSignal) throws -> Passage {
    now = now.advanced(by: Self.step)
    driver.feed(.tick)
    driver.feed(.price(exchange.instrument.symbol, exchange.pushedPrice(at: now)))
    try settle()
    try dropper.prepare(input)
    _ = try dropper.drop(input)
    meter = Meter()
    try takeIn()
    driver.commitAndSend()
    Processor.yield()
    meter?.skip()
    driver.finish()
    try exchange.waitForAnswers()
    meter?.skip()
    try readAnswer()
    meter?.lap(.answer)
    let passage = meter.take()?.passage
    try settle()
    guard let passage, passage.time.count == Part.allCases.count, let claimed else {
      let missing = Part.allCases.filter { passage?.time[$0] == nil }.map(\.rawValue)
      throw BenchError.failed(
        "the order of '\(input.id)' did not leave at once, so there is no time of '"
          + missing.joined(separator: "', '") + "'")
    }
    try spool.removeActive(claimed.get())
    return passage
  }

  /// As the daemon does where it takes signals.
  private func takeIn() throws {
    try bench.wait("a file to be noticed", for: Self.deadline) { finding.file != nil }
    meter?.lap(.finding)
    guard let file = finding.file else { return }
    let bytes = try file.content.get()
    let (signal, _) = try SignalReader.readSigned(bytes, maximumBytes: bytes.count)
    meter?.lap(.reading)
    try store.announce(
      signal.id, bytes, from: .file(file.name), arrivedAt: now.wall, readAt: now.wall)
    meter?.lap(.announcing)
    driver.feed(.expected(signal))
    meter?.lap(.expecting)
    _ = try store.isKnown(signal.id)
    meter?.lap(.knowing)
    Processor.yield()
    meter?.lap(.yielding)
    let text = signal.canonicalBytes
    let arrival = SignalArrival(
      signal: signal, canonicalText: String(decoding: text, as: UTF8.self), raw: bytes,
      contentDigest: Digest.sha256(text),
      clientOrderID: ClientOrderID(account: Self.account, signal: signal.id),
      origin: .file(file.name), arrivedAt: now.wall, receipt: Receipt(number: 1))
    meter?.lap(.naming)
    driver.feed(.signal(arrival, known: nil))
    meter?.lap(.deciding)
    Processor.yield()
    meter?.lap(.yielding)
  }

  private func send(_ dispatch: Dispatch) {
    defer { dispatches.append(dispatch) }
    guard dispatch.isPlacement else { return }
    meter?.lap(.committing)
    guard let request = venue.httpRequest(for: dispatch.request, stampedAt: dispatch.stampedAt)
    else { return }
    meter?.lap(.signing)
    exchange.send(request, before: dispatch.sendBefore)
    meter?.lap(.sending)
  }

  private func claim() {
    guard let file = finding.file.take() else { return }
    claimed = Result { () throws(SpoolError) in try spool.claim(TakenFile(file)) }
    meter?.lap(.claiming)
  }

  private func readAnswer() throws {
    guard let dispatch = dispatches.first(where: \.isPlacement) else { return }
    var parser = HTTPResponseParser()
    let acknowledgement = exchange.acknowledgement
    guard case .complete(let response, _, _) = parser.feed(acknowledgement.span),
      case .placed = venue.answer(to: dispatch.request, .success(response), now: now.wall)
    else { throw BenchError.failed("the answer to the placement was not understood") }
  }

  /// Answers every request that leaves, and lets time pass, until nothing is under way.
  private func settle() throws {
    while true {
      driver.finish()
      if let storeFailure { throw storeFailure }
      let answers = dispatches.map { ($0.id, exchange.answer(to: $0.request, at: now)) }
      dispatches = []
      for (id, answer) in answers { driver.feed(.answer(id, answer)) }
      guard answers.isEmpty else { continue }
      if driver.engine.liveOrders.isEmpty && driver.isTradingOpen { return }
      now = now.advanced(by: Self.step)
      driver.feed(.tick)
    }
  }
}
