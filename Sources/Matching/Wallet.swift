package import Domain

/// The account's money: what is free, what open orders lock, and, so that nothing can appear or
/// vanish unseen, the other side of every payment.
package struct Wallet: Hashable, Sendable {
  package struct Holding: Hashable, Sendable {
    package var free: FixedDecimal = .zero
    package var locked: FixedDecimal = .zero
    /// What the account has received from the rest of the market, minus what it paid to it.
    package var received: FixedDecimal = .zero
    /// What was put in from outside: starting balances and later corrections.
    package var deposited: FixedDecimal = .zero
  }

  private var holdings: [String: Holding] = [:]

  package subscript(asset: String) -> Holding {
    holdings[asset] ?? Holding()
  }

  /// Every asset that was ever held, by name.
  package var assets: [(asset: String, holding: Holding)] {
    holdings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Sets what is free; false when the sums would not fit.
  mutating func setFree(_ asset: String, to amount: FixedDecimal) -> Bool {
    var holding = self[asset]
    guard let change = amount.subtracting(holding.free),
      let deposited = holding.deposited.adding(change)
    else { return false }
    holding.free = amount
    holding.deposited = deposited
    holdings[asset] = holding
    return true
  }

  /// Moves from free to locked; false when there is not enough.
  mutating func lock(_ asset: String, _ amount: FixedDecimal) -> Bool {
    var holding = self[asset]
    guard amount <= holding.free, let free = holding.free.subtracting(amount),
      let locked = holding.locked.adding(amount)
    else { return false }
    holding.free = free
    holding.locked = locked
    holdings[asset] = holding
    return true
  }

  mutating func release(_ asset: String, _ amount: FixedDecimal) {
    var holding = self[asset]
    guard amount <= holding.locked, let locked = holding.locked.subtracting(amount),
      let free = holding.free.adding(amount)
    else { fatalError("an order releases only what it has locked") }
    holding.free = free
    holding.locked = locked
    holdings[asset] = holding
  }

  /// Pays out of what is locked.
  mutating func pay(_ asset: String, _ amount: FixedDecimal) {
    var holding = self[asset]
    guard amount <= holding.locked, let locked = holding.locked.subtracting(amount),
      let received = holding.received.subtracting(amount)
    else { fatalError("an order pays only what it has locked") }
    holding.locked = locked
    holding.received = received
    holdings[asset] = holding
  }

  /// False, and nothing changed, when the sum would not fit.
  mutating func receive(_ asset: String, _ amount: FixedDecimal) -> Bool {
    var holding = self[asset]
    guard let free = holding.free.adding(amount), let received = holding.received.adding(amount)
    else { return false }
    holding.free = free
    holding.received = received
    holdings[asset] = holding
    return true
  }

  /// Moves the money of one fill, out of what its order has locked; false, and nothing moved, when a
  /// sum would not fit.
  mutating func settle(
    _ order: inout SimulatedOrder, _ rules: Instrument, quantity: FixedDecimal,
    quote: FixedDecimal, fee: FixedDecimal
  ) -> Bool {
    switch order.side {
    case .buy:
      guard let cost = quote.adding(fee), cost <= order.locked, receive(rules.baseAsset, quantity)
      else { return false }
      pay(rules.quoteAsset, cost)
      order.locked = order.locked.subtracting(cost) ?? .zero
    case .sell:
      guard let proceeds = quote.subtracting(fee), quantity <= order.locked,
        receive(rules.quoteAsset, proceeds)
      else { return false }
      pay(rules.baseAsset, quantity)
      order.locked = order.locked.subtracting(quantity) ?? .zero
    }
    return true
  }
}

extension Instrument {
  /// What an order of that side locks and pays with.
  func assetGiven(by side: Side) -> String {
    switch side {
    case .buy: quoteAsset
    case .sell: baseAsset
    }
  }
}
