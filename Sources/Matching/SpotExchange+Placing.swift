package import Domain

/// The judgement of a new order, and its acceptance.
extension SpotExchange {
  /// Accepts an order or says why not. `visibility` overrides the seeded lag. Throws the exchange's
  /// refusal.
  package mutating func place(
    _ placement: Placement, visibility: SimulatedOrder.Visibility? = nil, at now: Moment
  ) throws(Refusal) -> SimulatedOrder {
    advance(to: now)
    let admission = try admit(placement)
    let number = records.orders.count
    if !rules.hasUnlimitedFunds {
      // The balance has been checked; what can still fail is a sum of locks too large to hold.
      guard wallet.lock(admission.lockedAsset, admission.locked) else { throw .oversold }
    }
    var order = SimulatedOrder(
      number: number, orderID: fate.orderID(for: placement, in: records),
      clientOrderID: placement.clientOrderID,
      symbol: placement.symbol, side: placement.side, type: placement.type,
      price: admission.price, quantity: admission.quantity,
      quoteAmount: placement.quoteAmount, acceptedAt: now.wall,
      visibility: visibility ?? fate.visibility(at: now.monotonic), updatedAt: now.wall)
    order.locked = rules.hasUnlimitedFunds ? .zero : admission.locked
    enter(order)
    takeLiquidity(number, at: now.wall)
    return records.orders[number]
  }

  /// What placing would say, without placing. Throws the exchange's refusal.
  package mutating func check(_ placement: Placement, at now: Moment) throws(Refusal) {
    advance(to: now)
    _ = try admit(placement)
  }

  /// Puts an order back that an earlier run had accepted and not told the end of. One that cannot rest
  /// meets the next price. Nothing when it is known, or when its symbol is not listed.
  package mutating func restore(
    _ placement: Placement, orderID: String, executedQuantity: FixedDecimal,
    executedQuote: FixedDecimal, acceptedAt: WallTime, at now: Moment
  ) {
    advance(to: now)
    guard let index = marketIndex[placement.symbol], !records.has(orderID: orderID) else { return }
    let price = placement.price ?? .zero
    let quantity =
      if case .base(let quantity) = placement.amount { quantity } else { executedQuantity }
    let number = records.orders.count
    var order = SimulatedOrder(
      number: number, orderID: orderID, clientOrderID: placement.clientOrderID,
      symbol: placement.symbol, side: placement.side, type: placement.type, price: price,
      quantity: quantity, quoteAmount: placement.quoteAmount, acceptedAt: acceptedAt,
      visibility: .from(now.monotonic), updatedAt: now.wall)
    order.executedQuantity = executedQuantity
    order.executedQuote = executedQuote
    order.status = executedQuantity.isPositive ? .partiallyFilled : .new
    enter(order)
    if !order.type.canRest {
      takeLiquidity(number, at: now.wall)
    } else if markets[index].isCrossed(by: order) {
      fill(number, order.remaining, at: price, maker: true, now.wall)
    }
  }

  private mutating func enter(_ order: SimulatedOrder) {
    records.enter(order)
    record(.accepted, of: order.number, at: order.updatedAt)
  }

  /// The symbol's checks, and then the account's.
  private mutating func admit(_ placement: Placement) throws(Refusal) -> Admission {
    guard let index = marketIndex[placement.symbol] else { throw .symbolNotSupported }
    let admission = try Admission(placement, in: markets[index], by: &fate)
    if !rules.hasUnlimitedFunds && admission.locked > wallet[admission.lockedAsset].free {
      throw fate.shortOfFunds(placement.side)
    }
    guard records.openCount < rules.maximumOpenOrders else { throw .tooManyOpenOrders }
    if rules.rejectsDuplicateClientOrderIDs, let client = placement.clientOrderID,
      records.has(clientOrderID: client)
    {
      throw .duplicateClientOrderID
    }
    return admission
  }
}
