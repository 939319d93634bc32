import Domain
import Execution
import Testing

/// When the daemon is killed: around the commit of a turn, or after the turn is done, with every
/// answer lost that was still to come.
enum CrashPoint: CaseIterable {
  case beforeCommit, afterCommit, afterEffects
}

/// The store's refusal to commit, which is how a test kills the daemon around a commit.
struct Killed: Error {}

/// An engine under its driver, on a clock that only the test moves.
final class EngineHarness {
  private var driver: EngineDriver<Killed>?
  var engine: Engine { driver?.engine ?? unstarted }
  private let unstarted: Engine
  private(set) var configuration: EngineConfiguration
  let exchange: FakeExchange
  private(set) var now: Moment
  var store = StoreModel()
  private var writes: [StoreWrite] = []
  private var point: CrashPoint?
  private var answered: (Dispatch, ExchangeAnswer)?
  private(set) var signals: [SignalID: Signal] = [:]

  /// Everything that left, in order, over every run.
  private(set) var sent: [(at: Moment, dispatch: Dispatch, run: Int)] = []
  private var run = 0
  /// What the test has to answer by hand.
  private(set) var held: [Dispatch] = []
  private var coming: [(at: MonotonicTime, id: RequestID, answer: ExchangeAnswer)] = []
  private(set) var answers: [SignalAnswer] = []
  private(set) var outcomes: [Outcome] = []
  /// What was said of doubts, in order.
  private(set) var doubts: [(signal: SignalID, doubt: Doubt?)] = []
  private(set) var replies: [CommandAnswer] = []
  /// The symbols whose prices were to be pushed, as they changed.
  private(set) var watched: [Set<Symbol>] = []
  private(set) var withdrawals: [Withdrawal] = []
  private(set) var streamsConnected = 0
  /// What each commit with writes had to outlive.
  private(set) var durabilities: [Durability] = []
  private(set) var logs: [LogEntry] = []
  /// A line per effect, for comparing runs.
  private(set) var trace: [String] = []
  var keepsTrace = false
  /// Whether the engine's orders are compared with the stored ones after every turn.
  var comparesEveryTurn = false
  /// Kills the daemon in the turn of that number.
  var crash: (Int) -> CrashPoint? = { _ in nil }
  private(set) var turn = 0
  /// Sees every request at the moment that it leaves.
  var inspect: (Dispatch) -> Void = { _ in }
  /// Sees every answer whose turn is committed.
  var learned: (Dispatch, ExchangeAnswer) -> Void = { _, _ in }
  /// How often a test's clock may be woken before something must be spinning.
  private static let maximumTurns = 200_000
  private var tokens = 0

  init(_ configuration: EngineConfiguration = makeConfiguration(), exchange: FakeExchange = .init())
  {
    self.configuration = configuration
    self.exchange = exchange
    now = Moment(
      wall: WallTime(milliseconds: 1_700_000_000_000),
      monotonic: MonotonicTime(nanoseconds: 5_000_000_000_000))
    unstarted = Engine(configuration, restoring: StoredState(), signals: [:], at: now)
    begin(unstarted)
  }

  private func begin(_ engine: Engine) {
    writes = []
    driver = EngineDriver(
      engine: engine,
      storage: EngineDriver<Killed>.Storage(
        write: { [unowned self] write throws(Killed) in writes.append(write) },
        commit: { [unowned self] durability throws(Killed) in
          if !writes.isEmpty { durabilities.append(durability) }
          try commit()
        }),
      now: { [unowned self] in now }, edges: edges)
  }

  private var edges: EngineDriver<Killed>.Edges {
    EngineDriver<Killed>.Edges(
      send: { [unowned self] dispatch in leave(dispatch) },
      withdrawUnsent: { [unowned self] what in withdrawals.append(what) },
      answer: { [unowned self] receipt, answer in
        perform(.answer(receipt, answer)) { answers.append(answer) }
      },
      settle: { [unowned self] outcome in perform(.settled(outcome)) { outcomes.append(outcome) } },
      doubt: { [unowned self] id, doubt in
        perform(.doubt(id, doubt)) { doubts.append((id, doubt)) }
      },
      answerCommand: { [unowned self] token, answer in
        perform(.answerCommand(token, answer)) { replies.append(answer) }
      },
      log: { [unowned self] entry in perform(.log(entry)) { logs.append(entry) } },
      watchPrices: { [unowned self] symbols in watched.append(symbols) },
      connectAccountStream: { [unowned self] in streamsConnected += 1 },
      storageFailed: { _ in })
  }

  /// With the start gate passed.
  static func open(
    _ configuration: EngineConfiguration = makeConfiguration(), exchange: FakeExchange = .init()
  ) -> EngineHarness {
    let harness = EngineHarness(configuration, exchange: exchange)
    harness.tick()
    harness.settle()
    #expect(harness.engine.isTradingOpen)
    return harness
  }

  /// The same, of a venue that tells of the account's orders by itself, with the stream connected.
  static func connected(_ exchange: FakeExchange) -> EngineHarness {
    let harness = open(makeConfiguration { $0.venue = streamTraits }, exchange: exchange)
    harness.apply(.accountStream(.opened))
    harness.advance(by: .milliseconds(1))
    return harness
  }

  // MARK: Turns

  func tick() { apply(.tick) }

  func apply(_ input: Input) {
    turn += 1
    point = crash(turn)
    answered = nil
    if case .answer(let id, let answer) = input,
      let dispatch = sent.last(where: { $0.run == run && $0.dispatch.id == id })?.dispatch
    {
      answered = (dispatch, answer)
    }
    driver?.feed(input)
    driver?.finish()
    if point != nil { return restart() }
    if comparesEveryTurn && engine.liveOrders != store.liveOrders {
      Issue.record("the engine holds other orders than the store")
    }
  }

  private func commit() throws(Killed) {
    if point == .beforeCommit { throw Killed() }
    store.commit(writes)
    writes = []
    if let answered { learned(answered.0, answered.1) }
    answered = nil
    if point == .afterCommit { throw Killed() }
  }

  /// Nobody hears of a turn in which the daemon was killed.
  private func perform(_ effect: Effect, _ keep: () -> Void) {
    if driver?.hasFailed == true { return }
    if keepsTrace { trace.append("\(now.monotonic.nanoseconds) \(effect)") }
    keep()
  }

  private func leave(_ dispatch: Dispatch) {
    if keepsTrace { trace.append("\(now.monotonic.nanoseconds) \(Effect.send(dispatch))") }
    if dispatch.isPlacement { checkArmed(dispatch) }
    inspect(dispatch)
    sent.append((now, dispatch, run))
    switch exchange.reply(to: dispatch, at: now) {
    case .answer(let answer, let delay):
      coming.append((now.monotonic.advanced(by: delay), dispatch.id, answer))
    case .hold: held.append(dispatch)
    }
  }

  /// Nothing is placed whose arming is not committed, with exactly these parameters.
  private func checkArmed(_ dispatch: Dispatch) {
    for request in dispatch.request.orderRequests { checkArmed(request, dispatch) }
  }

  private func checkArmed(_ request: OrderRequest, _ dispatch: Dispatch) {
    guard
      let order = store.orders.values.first(where: {
        $0.request.clientOrderID == request.clientOrderID
      })
    else {
      Issue.record("a placement of no stored order")
      return
    }
    #expect(order.status == .submitted)
    #expect(order.request == request)
    #expect(order.stampedAt == dispatch.stampedAt)
    guard case .armed(let armament)? = store.history(of: order.key).last else {
      Issue.record("the last event of an order that leaves is not its arming")
      return
    }
    #expect(armament.attempt == order.attempt)
    #expect(armament.stampedAt == dispatch.stampedAt)
  }

  func answer(_ dispatch: Dispatch, _ answer: ExchangeAnswer) {
    held.removeAll { $0.id == dispatch.id }
    apply(.answer(dispatch.id, answer))
  }

  // MARK: Time

  /// The exchange pushes a price of `btc`.
  func push(bid: String = "99", ask: String = "100") {
    apply(
      .price(
        btc,
        MarketPrice(
          at: traits.name, bid: decimal(bid), ask: decimal(ask), knownAt: now, origin: .pushed)))
  }

  /// Takes every answer that has come and every turn that is due, without moving the clock.
  func settle() { advance(by: .zero) }

  /// Moves the clock, stopping wherever an answer comes or the engine wants to be called.
  func advance(by duration: Duration) {
    let end = now.monotonic.advanced(by: duration)
    var turns = 0
    while turns < Self.maximumTurns {
      turns += 1
      let answer = coming.indices.min { coming[$0].at < coming[$1].at }
      let answerTime = answer.map { coming[$0].at }
      let wake = engine.nextDeadline
      if let answer, let answerTime, answerTime <= end, answerTime <= wake ?? answerTime {
        let item = coming.remove(at: answer)
        move(to: max(now.monotonic, item.at))
        apply(.answer(item.id, item.answer))
      } else if let wake, wake <= end {
        move(to: max(now.monotonic, wake))
        let former = engine.nextDeadline
        tick()
        if engine.nextDeadline == former, former == now.monotonic {
          Issue.record("the engine asks to be called again at once, for ever")
          return
        }
      } else {
        return move(to: end)
      }
    }
    Issue.record("the engine spins")
  }

  private func move(to time: MonotonicTime) {
    now = now.advanced(by: time.since(now.monotonic))
  }

  /// The daemon is held up: time passes, and nobody calls the engine.
  func holdUp(for duration: Duration) { now = now.advanced(by: duration) }

  /// Somebody sets the machine's clock.
  func stepWallClock(by duration: Duration) {
    now = Moment(wall: now.wall.advanced(by: duration), monotonic: now.monotonic)
  }

  /// `kill -9` and a new start. Whatever was out stays unanswered.
  func restart(
    after downtime: Duration = .zero, _ configuration: EngineConfiguration? = nil
  ) {
    if let configuration { self.configuration = configuration }
    run += 1
    now = now.advanced(by: downtime)
    coming = []
    held = []
    point = nil
    begin(
      Engine(self.configuration, restoring: store.state(at: now.wall), signals: signals, at: now))
    tick()
    settle()
  }

  /// `kill -9`, an older copy of the database in its place, and the careful start that follows.
  func setBack(to copy: StoreModel, after downtime: Duration = .zero) {
    store = copy
    store.commit([.setCareful(CarefulRecord(reason: "set back", since: now.wall))])
    signals = signals.filter { store.signals[$0.key] != nil }
    restart(after: downtime)
  }

  // MARK: Signals and commands

  func arrival(
    _ signal: Signal, arrivedAt: WallTime? = nil
  ) -> (SignalArrival, known: KnownSignal?) {
    let record = store.signals[signal.id]
    if record == nil {
      signals[signal.id] = signal
      store.sources[signal.id] = signal.source
    }
    let text = signal.canonicalText
    let digest = Array(text.utf8)
    let arrival = SignalArrival(
      signal: signal, canonicalText: text, raw: digest, contentDigest: digest,
      clientOrderID: clientOrderID(of: signal.id), origin: .socket("test"),
      arrivedAt: arrivedAt ?? now.wall, receipt: Receipt(number: 1))
    let status = store.orders[OrderKey(signal: signal.id)]?.status
    return (arrival, record.map { KnownSignal(record: $0, status: status) })
  }

  /// `nil` when the daemon was killed before it could answer.
  @discardableResult
  func submit(_ signal: Signal, arrivedAt: WallTime? = nil) -> SignalAnswer? {
    let (arrival, known) = arrival(signal, arrivedAt: arrivedAt)
    let count = answers.count
    apply(.signal(arrival, known: known))
    #expect(answers.count <= count + 1)
    return answers.count > count ? answers.last : nil
  }

  @discardableResult
  func command(_ command: OperatorCommand) -> CommandAnswer? {
    tokens += 1
    apply(.command(command, CommandToken(number: tokens)))
    return replies.last
  }

  func reconfigure(_ configuration: EngineConfiguration) {
    self.configuration = configuration
    apply(.reconfigure(configuration))
  }
}

// MARK: What tests ask

extension EngineHarness {
  func order(_ id: String) -> Order? { store.orders[key(id)] }
  func status(_ id: String) -> OrderStatus? { order(id)?.status }
  func code(_ id: String) -> DecisionCode? { store.signals[signalID(id)]?.decision }
  func message(_ id: String) -> String { store.signals[signalID(id)]?.message ?? "" }
  func outcome(_ id: String) -> Outcome? { outcomes.last { $0.signalID == signalID(id) } }

  var placements: [Dispatch] { sent.map(\.dispatch).filter(\.isPlacement) }

  func placements(of id: String) -> [Dispatch] {
    placements.filter { dispatch in
      dispatch.request.orderRequests.contains {
        $0.clientOrderID == clientOrderID(of: signalID(id))
      }
    }
  }

  func requests(_ matches: (ExchangeRequest) -> Bool) -> [(at: Moment, dispatch: Dispatch)] {
    sent.filter { matches($0.dispatch.request) }.map { ($0.at, $0.dispatch) }
  }

  func hasLog(_ level: LogEntry.Level, _ part: String) -> Bool {
    logs.contains { $0.level == level && $0.message.contains(part) }
  }

  /// Nothing that no honest engine does was seen, and every order is the sum of its history.
  func checkStore() {
    #expect(store.violations == [])
    for key in store.sequence { #expect(store.refolded(key) == store.orders[key]) }
  }
}

extension ExchangeRequest {
  var orderRequests: [OrderRequest] {
    switch self {
    case .place(let requests): requests
    case .validate(let request): [request]
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      []
    }
  }

  /// Of a request that places, or checks, one order.
  var orderRequest: OrderRequest? { orderRequests.count == 1 ? orderRequests[0] : nil }

  var isPrices: Bool { if case .prices = self { true } else { false } }
  var isClock: Bool { self == .serverTime }
  var isInstruments: Bool { if case .instruments = self { true } else { false } }
  var isOrder: Bool { if case .order = self { true } else { false } }
  var isOpenOrders: Bool { if case .openOrders = self { true } else { false } }
  var isRecentOrders: Bool { if case .recentOrders = self { true } else { false } }
  var isTrades: Bool { if case .trades = self { true } else { false } }
  var isCancel: Bool { if case .cancel = self { true } else { false } }
  /// A look at orders of this symbol.
  func isLook(at symbol: Symbol) -> Bool {
    switch self {
    case .order(symbol, _), .openOrders(symbol), .recentOrders(symbol, _, _),
      .trades(symbol, _, _, _):
      true
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .place, .validate, .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      false
    }
  }

  /// One of the four views that a search asks.
  var isLook: Bool { isOrder || isOpenOrders || isRecentOrders || isTrades }
}
