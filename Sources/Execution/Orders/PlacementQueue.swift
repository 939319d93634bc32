import Domain

/// Orders that have not left, by what they wait for: the first price of their symbol, or their turn.
struct PlacementQueue: Sendable {
  private(set) var unpriced = Lanes()
  private(set) var approved = Lanes()

  /// Whether approved orders wait for their turn.
  var ordersWait: Bool { !approved.isEmpty }

  mutating func waitForPrice(_ life: OrderLife) { unpriced.insert(life) }

  mutating func waitForTurn(_ life: OrderLife) { approved.insert(life) }

  /// Whether somebody waits for the symbol's price.
  mutating func wantsPrice(_ symbol: Symbol, _ orders: OrderTable) -> Bool {
    unpriced.head(of: symbol) { orders[$0] != nil } != nil
  }

  /// Takes out the oldest that wait for the symbol's price, at most `limit`.
  mutating func takeUnpriced(
    _ symbol: Symbol, atMost limit: Int, from orders: OrderTable
  ) -> [OrderKey] {
    var keys: [OrderKey] = []
    while keys.count < limit, let entry = unpriced.head(of: symbol, where: { orders[$0] != nil }) {
      unpriced.removeHead(of: symbol)
      keys.append(entry.key)
    }
    return keys
  }

  /// The oldest approved one of each symbol that `isReady`, oldest first.
  mutating func heads(
    where isReady: (OrderKey) -> Bool
  ) -> [(entry: Lanes.Entry, symbol: Symbol)] {
    approved.symbols
      .compactMap { symbol in head(of: symbol, where: isReady).map { ($0, symbol) } }
      .sorted { $0.entry < $1.entry }
  }

  mutating func head(of symbol: Symbol, where isReady: (OrderKey) -> Bool) -> Lanes.Entry? {
    approved.head(of: symbol, where: isReady)
  }

  /// How many stand in the symbol's lane, those among them that have left otherwise.
  func approvedCount(of symbol: Symbol) -> Int { approved.count(of: symbol) }

  /// Takes out the oldest of a symbol that are ready, at most `limit`.
  mutating func takeApproved(
    _ symbol: Symbol, atMost limit: Int, where isReady: (OrderKey) -> Bool
  ) -> [OrderKey] {
    var keys: [OrderKey] = []
    while keys.count < limit, let entry = approved.head(of: symbol, where: isReady) {
      approved.removeHead(of: symbol)
      keys.append(entry.key)
    }
    return keys
  }
}

/// Orders of each symbol, oldest first. An entry counts only while its order still waits for what the
/// lane is for: whoever looks says so, and what does not count is dropped then.
struct Lanes: Sendable {
  struct Entry: Comparable, Sendable {
    var number: Int
    var key: OrderKey

    static func < (left: Entry, right: Entry) -> Bool { left.number < right.number }
  }

  private var lanes: [Symbol: Heap<Entry>] = [:]
  /// What stands in a lane, so that nothing stands there twice.
  private var queued: Set<OrderKey> = []

  /// In a fixed order: what follows from them must not differ from run to run.
  var symbols: [Symbol] { lanes.keys.sorted() }

  var isEmpty: Bool { lanes.isEmpty }

  func count(of symbol: Symbol) -> Int { lanes[symbol]?.count ?? 0 }

  mutating func insert(_ life: OrderLife) {
    guard queued.insert(life.key).inserted else { return }
    lanes[life.symbol, default: Heap()].insert(Entry(number: life.number, key: life.key))
  }

  mutating func head(of symbol: Symbol, where counts: (OrderKey) -> Bool) -> Entry? {
    while let entry = lanes[symbol]?.first {
      if counts(entry.key) { return entry }
      removeHead(of: symbol)
    }
    lanes[symbol] = nil
    return nil
  }

  mutating func removeHead(of symbol: Symbol) {
    if let entry = lanes[symbol]?.removeFirst() { queued.remove(entry.key) }
  }
}
