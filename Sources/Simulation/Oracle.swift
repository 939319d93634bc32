import Daemon
import Domain
import Execution
import MEXC
import Matching
import SimulatedExchange
import Store
import Transport

/// Knows the truth and what was promised, and holds the one against the other after every step.
///
/// Longer than 400 lines, because its promises are about one state and each is one function.
final class Oracle {
  /// What became of one signal's order outside the daemon.
  struct Intent {
    /// Copies of its placement that were handed to the network.
    var written = 0
    /// Copies that the exchange, or its front, has turned away.
    var refused = 0
    var accepted: [SimulatedOrder] = []
    var lastPlacement: WireCall?
    /// The number of the commit that armed it last.
    var armedIn = 0
  }

  let world: World
  let configuration: EngineConfiguration
  /// The mode in which each order was made.
  var modes: [OrderKey: TradingMode] = [:]
  private(set) var shadow: Shadow
  /// Turns whose commit failed: a crash may bring them back.
  private var maybe: [StoreWrite] = []
  private var unsynced = UnsyncedTurns()
  /// Orders whose arming a power cut took back.
  private(set) var lostArmings: Set<String> = []
  /// Orders of signals that a start has read again from the disk and has not written yet.
  var readAgain: Set<String> = []
  var departures = UnseenDepartures()
  /// Power cuts between the sending of an order and the next sync.
  private(set) var cutsBeforeSync = 0
  private(set) var intents: [String: Intent] = [:]
  /// Orders whose cancel was asked for at any time.
  private(set) var canceled: Set<OrderKey> = []
  private(set) var commits = 0
  private(set) var haltedIn = 0
  private(set) var pausedIn: [Symbol: Int] = [:]
  /// Signals that somebody was told to be remembered.
  private(set) var acknowledged: Set<SignalID> = []
  private(set) var placements = 0
  var files = FileLives()
  var wishes = Wishes()
  var checkDurable: ((OrderKey, Order) -> Void)?

  var pools = PoolKnowledge()
  var backOff = DemandedBackOff()
  var views = AnsweredViews()
  private(set) var prices = AskedPrices()
  var pushedPrices = PushedPrices()
  var poolUse = PoolUse()
  var refusals = ExplainedRefusals()
  /// An order as it stands at the exchange by now; `nil` on paper, where there is none.
  var nowAtExchange: ((SimulatedOrder) -> SimulatedOrder)?

  init(_ world: World, mode: TradingMode = .live) {
    self.world = world
    configuration = EngineConfiguration(world.dials, mode, at: world.scenario.venue)
    shadow = Shadow(of: configuration.account)
  }

  static let maximumOrderQuote = FixedDecimal(5_000)
  static let maximumPriceAge = Duration.seconds(2)

  // MARK: Commits

  func commitFailed(_ turn: [StoreWrite]) { maybe = turn }

  func committed(_ turn: [StoreWrite], isSynced: Bool, by process: SimulatedProcess) {
    checkModes(turn, of: process.mode)
    unsynced.committed(turn, before: shadow, isSynced: isSynced)
    readAgain = []
    take(turn)
    let touched = turn.compactMap { if case .putOrder(let order) = $0 { order.key } else { nil } }
    if !touched.isEmpty { compareWithEngine(touched, process) }
  }

  /// Folds a turn that is durable now.
  func take(_ turn: [StoreWrite]) {
    maybe = []
    commits += 1
    for write in turn {
      let former = formerOrder(of: write)
      if let contradiction = shadow.apply(write) {
        world.fail(broken(by: write, former), "", contradiction)
      }
      watch(write, former)
    }
  }

  private func broken(by write: StoreWrite, _ former: Order?) -> Invariant {
    if case .insertSignal = write { return .oneDispositionEach }
    return former?.status.isTerminal == true ? .terminalNeverChanges : .historyIsState
  }

  /// Orders of a turn whose commit failed.
  var ordersOfLostTurn: [Order] {
    maybe.compactMap { if case .putOrder(let order) = $0 { order } else { nil } }
  }

  func acknowledge(_ id: SignalID) { acknowledged.insert(id) }

  /// Whether a turn whose commit failed, or never returned, came back with a recovery: wholly, and
  /// with every turn before it, or not at all.
  func settleMaybe(_ store: WatchedStore) -> Bool {
    guard !maybe.isEmpty else { return false }
    let turn = maybe
    maybe = []
    var extended = shadow
    var keys: [OrderKey] = []
    var ids: [SignalID] = []
    for write in turn {
      _ = extended.apply(write)
      switch write {
      case .putOrder(let order): keys.append(order.key)
      case .insertSignal(let record, _, _): ids.append(record.signalID)
      case .updateDecision, .appendEvent, .setHalt, .setCareful, .setOwner, .setBan, .setRateUsage,
        .setWatched:
        break
      }
    }
    do {
      for key in keys where try store.storedOrder(key) != extended.orders[key] { return false }
      for id in ids where try store.storedSignal(id) == nil { return false }
      // A turn without orders shows in the settings only, which the next comparison sees.
      if keys.isEmpty && ids.isEmpty {
        let settings = try store.storedSettings()
        guard settings.halt == extended.halt, settings.ban?.until == extended.ban?.until
        else { return false }
      }
    } catch { return false }
    guard unsynced.areKept(store, extended) else { return false }
    shadow = extended
    haltedIn = extended.halt == nil ? 0 : max(haltedIn, 1)
    for symbol in Array(pausedIn.keys) where !isPaused(symbol) { pausedIn[symbol] = nil }
    return true
  }

  func powerWasLost() {
    let armed = unsynced.powerWasLost()
    if armed.contains(where: { intents[$0]?.written ?? 0 > 0 }) { cutsBeforeSync += 1 }
  }

  func turnsWereLost(_ count: Int) { unsynced.wereLost(last: count) }

  func settleLost(_ store: WatchedStore) {
    lostArmings.formUnion(unsynced.settle(&shadow, with: store))
  }

  private func formerOrder(of write: StoreWrite) -> Order? {
    guard case .appendEvent(let event) = write, case .order(let key) = event.subject else {
      return nil
    }
    return shadow.orders[key]
  }

  private func watch(_ write: StoreWrite, _ former: Order?) {
    switch write {
    case .appendEvent(let event):
      guard case .order(let key) = event.subject, let order = shadow.orders[key] else { return }
      guard let former else { return CapsCheck(self).checkCounts(with: order) }
      watchChange(from: former, to: order, event)
    case .putOrder(let order): checkAgainstLedger(order)
    case .setHalt(let record): haltedIn = record == nil ? 0 : commits
    case .setBan(let record):
      if let end = record?.monotonicUntil { backOff.committed(until: world.trueTime(of: end)) }
    case .insertSignal, .updateDecision, .setCareful, .setOwner, .setRateUsage, .setWatched: break
    }
  }

  private func watchChange(from former: Order, to order: Order, _ event: HistoryEvent) {
    let name = order.request.clientOrderID.text
    if order.executedQuantity < former.executedQuantity
      || order.executedQuote < former.executedQuote
    {
      world.fail(.filledAtMostOrdered, name, "a fill was taken back")
    }
    if event.kind == "order_armed" {
      intents[name, default: Intent()].armedIn = commits
      CapsCheck(self).checkQuotes(of: order)
    }
    if event.kind == "cancel_requested" { canceled.insert(order.key) }
    if event.kind == "order_not_found" {
      checkIsInDoubt(former)
      checkAbsence(order)
    }
    if order.status == .notFound && !order.closedByOperator {
      if pausedIn[order.request.symbol] == nil { pausedIn[order.request.symbol] = commits }
    } else if former.status == .notFound && !isPaused(order.request.symbol) {
      pausedIn[order.request.symbol] = nil
    }
  }

  private func isPaused(_ symbol: Symbol) -> Bool {
    shadow.orders.values.contains {
      $0.status == .notFound && !$0.closedByOperator && $0.request.symbol == symbol
    }
  }

  private func compareWithEngine(_ touched: [OrderKey], _ process: SimulatedProcess) {
    guard let engine = process.epochs?.driver?.engine else { return }
    for key in touched {
      guard let stored = shadow.orders[key], let held = engine.liveOrder(key)
      else { continue }
      if held != stored {
        world.fail(
          .historyIsState, stored.request.clientOrderID.text,
          "the engine holds \(held.status.rawValue), the history adds up to "
            + stored.status.rawValue)
      }
    }
  }

  // MARK: The ledger

  private func checkAgainstLedger(_ order: Order) {
    let name = order.request.clientOrderID.text
    if case .base(let quantity) = order.request.amount, order.executedQuantity > quantity {
      world.fail(
        .filledAtMostOrdered, name, "\(order.executedQuantity) filled of \(quantity)")
    }
    guard let found = intents[name]?.accepted.first else {
      if order.orderID != nil && configuration.mode != .paper {
        world.fail(.oursIsKnown, name, "it is recorded as placed, and the exchange has none")
      }
      return
    }
    checkExecuted(order, at: found)
    switch order.status {
    case .new where lostArmings.contains(name): break
    case .new, .denied, .expired, .rejected, .validated:
      world.fail(
        .oursIsKnown, name,
        "the exchange has \(found.orderID), and it is recorded as \(order.status.rawValue)")
    case .submitted, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .unknown,
      .notFound:
      break
    }
  }

  func accepted(_ order: SimulatedOrder) {
    let name = order.clientOrderID ?? ""
    world.note("accepted at the exchange", name, order.orderID)
    intents[name, default: Intent()].accepted.append(order)
    if let count = intents[name]?.accepted.count, count > 1 {
      world.fail(.noSecondOrder, name, "the exchange has \(count) orders of this name")
    }
    checkWish(order)
    guard let stored = shadow.order(named: name) else {
      // The next start reads it again, too.
      if readAgain.contains(name) { return }
      return world.fail(.oursIsKnown, name, "the exchange took an order that nobody knows")
    }
    switch stored.status {
    case .submitted, .unknown: break
    // The start has to look for it.
    case .new where lostArmings.contains(name): break
    case .notFound:
      world.fail(.absenceIsProved, name, "it was taken after it had been declared not found")
    case .new, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .rejected,
      .expired, .denied, .validated:
      world.fail(
        .oursIsKnown, name, "it was taken while it was recorded as \(stored.status.rawValue)")
    }
  }

  /// The order as the exchange took it.
  func truth(of order: Order) -> SimulatedOrder? {
    intents[order.request.clientOrderID.text]?.accepted.first
  }

  /// How many copies of a signal's placement have left.
  func timesSent(_ id: SignalID) -> Int {
    intents[name(of: id)]?.written ?? 0
  }

  func name(of id: SignalID) -> String {
    ClientOrderID(account: configuration.account.name, signal: id).text
  }

  func refusedAtExchange(_ names: [String]) {
    for name in names { intents[name, default: Intent()].refused += 1 }
  }

  func lastPlacement(of name: String?) -> WireCall? { name.flatMap { intents[$0]?.lastPlacement } }

  // MARK: What leaves

  func leaves(_ call: WireCall, life: Int) {
    if let left = backOff.left(at: world, life: life) {
      world.fail(
        .backOffIsKept, call.subject,
        "\(call.name) left \(left / millisecond) ms before the back-off was over")
    }
    prices.sent(call, world)
    views.sent(call, at: world.time)
    for placed in call.placedOrders { checkPlacement(placed, call) }
  }

  private func checkPlacement(_ placed: WireCall.PlacedOrder, _ call: WireCall) {
    placements += 1
    let name = placed.name
    intents[name, default: Intent()].written += 1
    intents[name]?.lastPlacement = call
    guard let intent = intents[name] else { return }
    if intent.written > 1 + intent.refused {
      world.fail(
        .noSecondOrder, name,
        "written \(intent.written) times, refused for sure \(intent.refused) times")
    }
    guard let order = shadow.order(named: name)
    else { return world.fail(.armedBeforeSent, name, "nothing durable knows of it") }
    guard order.status == .submitted, let stamp = order.stampedAt,
      call["timestamp"] == String(stamp.milliseconds),
      call["recvWindow"] == order.receiveWindow.map({ String($0.wholeMilliseconds) }),
      placed.symbol == order.request.symbol.text,
      placed.price == order.request.price?.description,
      placed.amount == order.request.amount.text
    else {
      return world.fail(
        .armedBeforeSent, name,
        "what leaves is not what is durable: \(call.wire.query.prefix(160)); "
          + "\(order.status.rawValue), stamped \(order.stampedAt?.milliseconds ?? 0)")
    }
    SendingCheck(self).check(order, name, intent)
    checkDurable?(order.key, order)
  }

  func answered(_ call: WireCall, _ response: HTTPResponse, life: Int) {
    if response.status == 429 || response.status == 418 {
      backOff.demanded(by: response, world, life: life)
    } else {
      views.answered(call, response)
      prices.answered(call, response)
    }
  }
}

extension Signal.Amount {
  fileprivate var text: String {
    switch self {
    case .base(let quantity), .quote(let quantity): quantity.description
    }
  }
}
