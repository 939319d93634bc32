import Domain

/// Every order that is not at its end, indexed by what it waits for: by phase, by the moment at which
/// something is due, and by the end of its signal's life. What changed, or has become due, is handed
/// out once by `takeTouched`, so that an input costs what it concerns and not what waits.
struct OrderTable: Sendable {
  /// A phase without its data.
  enum Stage: Int, CaseIterable, Sendable {
    case lookedFor, waiting, armed, unknown, working, missing
  }

  private struct Alarm<Time: Comparable & Hashable & Sendable>: Comparable, Hashable, Sendable {
    var at: Time
    var number: Int
    var key: OrderKey

    static func < (left: Alarm, right: Alarm) -> Bool {
      (left.at, left.number) < (right.at, right.number)
    }
  }

  private var lives: [OrderKey: OrderLife] = [:]
  private var names: [String: OrderKey] = [:]
  /// By stage.
  private var stages = [Set<OrderKey>](repeating: [], count: Stage.allCases.count)
  /// Alarms are not taken back at once: one that rings for nothing touches an order for nothing.
  private var alarms = Heap<Alarm<MonotonicTime>>()
  private var wallAlarms = Heap<Alarm<WallTime>>()
  /// The next alarm of each order that has one.
  private var nextAlarm: [OrderKey: MonotonicTime] = [:]
  private var touched: Set<OrderKey> = []
  private var countBySymbol: [Symbol: Int] = [:]
  /// Those that are looked for and then denied, whatever is found.
  private var refused: Set<OrderKey> = []
  /// Those that are closed as not placed.
  private var closed: Set<OrderKey> = []
  /// Those whose expiry the exchange's clock does not tell yet.
  private var undated: Set<OrderKey> = []
  /// Those of which a cancel did not end them.
  private var withFailedCancels: Set<OrderKey> = []
  /// The symbols that have orders.
  private(set) var symbols: Set<Symbol> = []

  var count: Int { lives.count }

  /// Those that are at the exchange, on their way to it or may be there. One that is closed as not placed,
  /// or that was refused when it came, counts when it appears after all.
  var openCount: Int { count - refused.count - closed.count }

  /// Those that count as rejected and are watched for all the same. Costs as much as are closed.
  var watchedRefusals: [OrderKey] {
    closed.filter { lives[$0]?.order.status == .rejected }.sorted()
  }

  func count(_ stage: Stage) -> Int { stages[stage.rawValue].count }

  /// Those that may still leave.
  var leavingCount: Int { count(.waiting) + count(.lookedFor) - refused.count }

  /// Oldest first. Costs as much as there are.
  func keys(_ stage: Stage) -> [OrderKey] {
    oldestFirst(stages[stage.rawValue])
  }

  /// Oldest first. Costs as much as there are.
  var all: [OrderLife] { lives.values.sorted { $0.number < $1.number } }

  subscript(key: OrderKey) -> OrderLife? { lives[key] }

  func key(named clientOrderID: String) -> OrderKey? { names[clientOrderID] }

  mutating func cancelFailed(_ key: OrderKey) {
    if lives[key] != nil { withFailedCancels.insert(key) }
  }

  /// Those that stand although they are to be cancelled, and the exchange answered that: oldest first,
  /// each with what the last cancel met. Costs as much as there are.
  var standingCancels: [(order: Order, cause: FruitlessCancels.Cause)] {
    oldestFirst(withFailedCancels).compactMap { key in
      guard let life = lives[key], life.order.cancelRequested,
        let cause = life.following?.cancels.cause
      else { return nil }
      return (life.order, cause)
    }
  }

  mutating func insert(_ life: OrderLife) {
    lives[life.key] = life
    names[life.order.request.clientOrderID.text] = life.key
    stages[life.phase.stage.rawValue].insert(life.key)
    if life.isRefused { refused.insert(life.key) }
    if life.isClosed { closed.insert(life.key) }
    if life.expiry.exchange == nil { undated.insert(life.key) }
    touched.insert(life.key)
    countBySymbol[life.symbol, default: 0] += 1
    symbols.insert(life.symbol)
    watchExpiry(of: life)
  }

  mutating func remove(_ key: OrderKey) {
    guard let life = lives.removeValue(forKey: key) else { return }
    names[life.order.request.clientOrderID.text] = nil
    stages[life.phase.stage.rawValue].remove(key)
    refused.remove(key)
    closed.remove(key)
    withFailedCancels.remove(key)
    undated.remove(key)
    nextAlarm[key] = nil
    touched.remove(key)
    let left = (countBySymbol[life.symbol] ?? 0) - 1
    countBySymbol[life.symbol] = left > 0 ? left : nil
    if left <= 0 { symbols.remove(life.symbol) }
  }

  /// Changes an order; it is touched by that. What the change returns; `nil` when there is no such order.
  @discardableResult
  mutating func update<Result>(
    _ key: OrderKey, _ change: (inout OrderLife) -> Result
  ) -> Result? {
    guard let index = lives.index(forKey: key) else { return nil }
    let (result, former, next, isClosed) = Self.change(&lives.values[index], change)
    touched.insert(key)
    if next != former { move(key, from: former, to: next) }
    if isClosed { closed.insert(key) } else if former == .missing { closed.remove(key) }
    return result
  }

  /// In place: reading a part of an order from the table would copy the whole order.
  private static func change<Result>(
    _ life: inout OrderLife, _ change: (inout OrderLife) -> Result
  ) -> (result: Result, former: Stage, next: Stage, isClosed: Bool) {
    let former = life.phase.stage
    let result = change(&life)
    return (result, former, life.phase.stage, life.isClosed)
  }

  private mutating func move(_ key: OrderKey, from former: Stage, to next: Stage) {
    stages[former.rawValue].remove(key)
    stages[next.rawValue].insert(key)
    if former == .lookedFor { refused.remove(key) }
    if next == .waiting, let life = lives[key] { watchExpiry(of: life) }
  }

  // MARK: What is to be looked at

  mutating func touch(_ key: OrderKey) {
    if lives[key] != nil { touched.insert(key) }
  }

  /// Something that every order of a stage depends on has changed. Costs as much as there are.
  mutating func touchAll(_ stage: Stage, where concerns: (OrderLife) -> Bool = { _ in true }) {
    for key in stages[stage.rawValue] {
      guard let life = lives[key], concerns(life) else { continue }
      touched.insert(key)
    }
  }

  /// What changed since the last call, oldest first.
  mutating func takeTouched() -> [OrderKey] {
    if touched.isEmpty { return [] }
    let keys = oldestFirst(touched)
    touched.removeAll(keepingCapacity: true)
    return keys
  }

  /// Touches what has become due.
  mutating func ring(at now: Moment) {
    while let alarm = alarms.first, alarm.at <= now.monotonic {
      alarms.removeFirst()
      if nextAlarm[alarm.key] == alarm.at { nextAlarm[alarm.key] = nil }
      touch(alarm.key)
    }
    while let alarm = wallAlarms.first, alarm.at <= now.wall {
      wallAlarms.removeFirst()
      touch(alarm.key)
    }
  }

  /// Asks for the order to be touched at `time`, or sooner.
  mutating func setAlarm(_ key: OrderKey, at time: MonotonicTime) {
    guard let life = lives[key] else { return }
    if let next = nextAlarm[key], next <= time { return }
    nextAlarm[key] = time
    alarms.insert(Alarm(at: time, number: life.number, key: key))
    dropOldAlarms()
  }

  /// When something becomes due, if nothing happens before.
  func nextDue(at now: Moment) -> MonotonicTime? {
    let wall = wallAlarms.first.map { now.monotonic.advanced(by: $0.at.since(now.wall)) }
    return MonotonicTime.earlier(alarms.first?.at, wall)
  }

  /// The machine was paused, which the exchange's clock was read after: the signals grew old, also those
  /// whose order may leave once more.
  mutating func shortenLives(by clock: ExchangeClock) {
    for key in lives.keys.sorted() where update(key, { $0.expiry.shorten(by: clock) }) == true {
      if let life = lives[key] { watchExpiry(of: life) }
    }
  }

  /// The exchange's clock is known: from here on a pause of the machine shows for those, too, that came or
  /// were restored without it.
  mutating func dateLives(by clock: ExchangeClock) {
    for key in undated { lives[key]?.expiry.date(by: clock) }
    undated = []
  }

  private mutating func watchExpiry(of life: OrderLife) {
    guard let expiry = life.watchedExpiry else { return }
    alarms.insert(Alarm(at: expiry.monotonic, number: life.number, key: life.key))
    wallAlarms.insert(Alarm(at: expiry.wall, number: life.number, key: life.key))
    dropOldAlarms()
  }

  /// Alarms that ring for nothing would pile up where signals live long. An order has at most two that
  /// count on the monotonic clock, so that a scan drops at least a third of what it costs.
  private mutating func dropOldAlarms() {
    let enough = 3 * lives.count + Self.spareAlarms
    if alarms.count > enough {
      var kept: Set<Alarm<MonotonicTime>> = []
      alarms.removeAll { alarm in
        let counts =
          nextAlarm[alarm.key] == alarm.at || lives[alarm.key]?.watchedExpiry?.monotonic == alarm.at
        return !counts || !kept.insert(alarm).inserted
      }
    }
    if wallAlarms.count > enough {
      var kept: Set<Alarm<WallTime>> = []
      wallAlarms.removeAll { alarm in
        lives[alarm.key]?.watchedExpiry?.wall != alarm.at || !kept.insert(alarm).inserted
      }
    }
  }

  private static let spareAlarms = 1_024

  /// Of both clocks, those that ring for nothing among them.
  var alarmCount: Int { alarms.count + wallAlarms.count }

  func oldestFirst(_ keys: Set<OrderKey>) -> [OrderKey] {
    guard keys.count > 1 else { return Array(keys) }
    return keys.map { (number: lives[$0]?.number ?? .max, key: $0) }
      .sorted { $0.number < $1.number }
      .map(\.key)
  }
}

extension OrderLife {
  fileprivate var isRefused: Bool {
    if case .lookedFor(_, ifAbsent: .denied) = phase { true } else { false }
  }

  fileprivate var isClosed: Bool {
    if case .missing = phase { order.isClosedAsNotPlaced } else { false }
  }

  /// `nil` where the end of its signal's life does not concern it any more.
  fileprivate var watchedExpiry: Expiry? {
    switch phase {
    case .lookedFor, .waiting: expiry
    case .armed, .unknown, .working, .missing, .ended: nil
    }
  }
}

extension OrderLife.Phase {
  /// An order at its end counts as where it stood last: it leaves the table in the same input.
  var stage: OrderTable.Stage {
    switch self {
    case .lookedFor: .lookedFor
    case .waiting: .waiting
    case .armed: .armed
    case .unknown: .unknown
    case .working, .ended: .working
    case .missing: .missing
    }
  }
}
