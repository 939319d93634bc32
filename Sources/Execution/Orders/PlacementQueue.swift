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

  /// Takes out those that wait for the symbol's price, in their turn, at most `limit`.
  mutating func takeUnpriced(
    _ symbol: Symbol, atMost limit: Int, from orders: OrderTable
  ) -> [OrderKey] {
    var keys: [OrderKey] = []
    while keys.count < limit, let turn = unpriced.head(of: symbol, where: { orders[$0] != nil }) {
      unpriced.take(turn, of: symbol)
      keys.append(turn.key)
    }
    return keys
  }

  /// The next approved one of each symbol that `isReady`, in their turn.
  mutating func heads(
    where isReady: (OrderKey) -> Bool
  ) -> [(turn: Lanes.Turn, symbol: Symbol)] {
    approved.symbols
      .compactMap { symbol in head(of: symbol, where: isReady).map { ($0, symbol) } }
      .sorted { $0.turn < $1.turn }
  }

  mutating func head(of symbol: Symbol, where isReady: (OrderKey) -> Bool) -> Lanes.Turn? {
    approved.head(of: symbol, where: isReady)
  }

  /// How many stand in the symbol's lane, those among them that have left otherwise.
  func approvedCount(of symbol: Symbol) -> Int { approved.count(of: symbol) }

  /// Takes out those of a symbol that are ready, in their turn, at most `limit`.
  mutating func takeApproved(
    _ symbol: Symbol, atMost limit: Int, where isReady: (OrderKey) -> Bool
  ) -> [OrderKey] {
    var keys: [OrderKey] = []
    while keys.count < limit, let turn = approved.head(of: symbol, where: isReady) {
      approved.take(turn, of: symbol)
      keys.append(turn.key)
    }
    return keys
  }
}
