package import Domain

/// What a client asks for, once it can be read: nothing about it has been judged.
package struct Placement: Hashable, Sendable {
  package var symbol: Symbol
  package var side: Side
  package var type: OrderType
  package var amount: Signal.Amount
  /// Ignored for a market order, as the exchange does.
  package var price: FixedDecimal?
  package var clientOrderID: String?

  package init(
    symbol: Symbol, side: Side, type: OrderType, amount: Signal.Amount, price: FixedDecimal?,
    clientOrderID: String?
  ) {
    self.symbol = symbol
    self.side = side
    self.type = type
    self.amount = amount
    self.price = price
    self.clientOrderID = clientOrderID
  }

  package init(_ request: OrderRequest) {
    self.init(
      symbol: request.symbol, side: request.side, type: request.type, amount: request.amount,
      price: request.price, clientOrderID: request.clientOrderID.text)
  }
}

/// An order that the simulated exchange has accepted.
package struct SimulatedOrder: Hashable, Sendable {
  package enum Status: String, CaseIterable, Hashable, Sendable {
    /// → partiallyFilled, filled, canceled
    case new = "NEW"
    /// → filled, partiallyCanceled
    case partiallyFilled = "PARTIALLY_FILLED"
    case filled = "FILLED"
    case canceled = "CANCELED"
    case partiallyCanceled = "PARTIALLY_CANCELED"

    package var isOpen: Bool {
      switch self {
      case .new, .partiallyFilled: true
      case .filled, .canceled, .partiallyCanceled: false
      }
    }
  }

  /// When look-ups, lists and cancels begin to see the order.
  package enum Visibility: Hashable, Sendable {
    case from(MonotonicTime)
    case never
  }

  /// Counted from 0 in the order of acceptance, of the orders that are remembered.
  package internal(set) var number: Int
  package let orderID: String
  package let clientOrderID: String?
  package let symbol: Symbol
  package let side: Side
  package let type: OrderType
  /// For a market order the protective price.
  package let price: FixedDecimal
  /// For a market order by quote amount, what that amount buys at the protective price.
  package let quantity: FixedDecimal
  package let quoteAmount: FixedDecimal?
  package let acceptedAt: WallTime
  package var visibility: Visibility
  package internal(set) var updatedAt: WallTime
  package internal(set) var executedQuantity: FixedDecimal = .zero
  package internal(set) var executedQuote: FixedDecimal = .zero
  package internal(set) var status: Status = .new
  /// What is still locked for it: quote for a buy, base for a sell.
  package var locked: FixedDecimal = .zero

  func isVisible(at time: MonotonicTime) -> Bool {
    switch visibility {
    case .from(let start): start <= time
    case .never: false
    }
  }

  /// Adds a fill, after which more may follow; false, and nothing added, when a sum would not fit.
  mutating func execute(
    _ quantity: FixedDecimal, for quote: FixedDecimal, at time: WallTime
  ) -> Bool {
    guard let executed = executedQuantity.adding(quantity),
      let executedQuote = executedQuote.adding(quote)
    else { return false }
    executedQuantity = executed
    self.executedQuote = executedQuote
    updatedAt = time
    status = .partiallyFilled
    return true
  }

  /// What is left to fill.
  package var remaining: FixedDecimal {
    guard executedQuantity < quantity else { return .zero }
    return quantity.subtracting(executedQuantity) ?? .zero
  }
}

/// One fill of one order.
package struct SimulatedTrade: Hashable, Sendable {
  package let tradeID: String
  /// The order's `number`.
  package internal(set) var order: Int
  package let price: FixedDecimal
  package let quantity: FixedDecimal
  package let quote: FixedDecimal
  /// In the quote asset.
  package let fee: FixedDecimal
  package let isMaker: Bool
  package let time: WallTime
}
