/// What the daemon asks an exchange, in words that no exchange owns. The venue's module turns it
/// into its own requests.
package enum ExchangeRequest: Hashable, Sendable {
  case serverTime
  /// The rules of these symbols, of all when none is named.
  case instruments([Symbol])
  /// The last prices of these symbols: one look-up, whatever their number.
  case prices([Symbol])
  /// The symbols that this key may trade.
  case tradableSymbols
  /// What this key may do, and for how long.
  case keyInformation
  /// What the account may do.
  case accountRights
  /// One order, or several of one symbol at a venue that takes several at once. Each has an outcome of
  /// its own.
  case place([OrderRequest])
  /// Has the exchange check an order without placing it.
  case validate(OrderRequest)
  case order(Symbol, OrderReference)
  case openOrders(Symbol)
  /// Every order of the symbol made in that time, whatever became of it.
  case recentOrders(Symbol, since: WallTime, until: WallTime? = nil)
  /// Every fill of the symbol's orders in that time, or of the one with this order id. A venue may leave
  /// that, and the end, to whoever reads the answer.
  case trades(Symbol, of: String? = nil, since: WallTime, until: WallTime? = nil)
  case cancel(Symbol, OrderReference)
  /// Makes the key that opens the stream of the account's orders. The venue keeps it to itself.
  case openAccountStream
  /// Lets that key live on.
  case extendAccountStream

  /// Whether the exchange wants a signature and a stamp on it.
  package var isSigned: Bool {
    switch self {
    case .serverTime, .instruments, .prices: false
    case .tradableSymbols, .keyInformation, .accountRights, .place, .validate, .order, .openOrders,
      .recentOrders, .trades, .cancel, .openAccountStream, .extendAccountStream:
      true
    }
  }
}

package enum OrderReference: Hashable, Sendable {
  /// The exchange's own identifier: text, never a number.
  case orderID(String)
  case clientOrderID(ClientOrderID)
}

/// The name that we give an order at the exchange: 1–32 of `0–9 a–z A–Z _ -`.
package struct ClientOrderID: Hashable, CustomStringConvertible, Sendable {
  package let text: String

  package var description: String { text }

  package init?(_ text: String) {
    let bytes = text.utf8.span
    guard (1...32).contains(bytes.count) else { return nil }
    for place in bytes.indices where !Self.isAllowed(bytes[place]) { return nil }
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

/// An order's parameters exactly as they are sent.
package struct OrderRequest: Hashable, Sendable {
  package var clientOrderID: ClientOrderID
  package var symbol: Symbol
  package var side: Side
  package var type: OrderType
  package var amount: Signal.Amount
  /// Present exactly when the type has a price.
  package var price: FixedDecimal?

  package init(
    clientOrderID: ClientOrderID, symbol: Symbol, side: Side, type: OrderType,
    amount: Signal.Amount, price: FixedDecimal?
  ) {
    self.clientOrderID = clientOrderID
    self.symbol = symbol
    self.side = side
    self.type = type
    self.amount = amount
    self.price = price
  }
}

/// A price and when it was asked for, which is the earliest moment that it can be from.
package struct Quote: Hashable, Sendable {
  package var price: FixedDecimal
  package var askedAt: WallTime

  package init(price: FixedDecimal, askedAt: WallTime) {
    self.price = price
    self.askedAt = askedAt
  }
}

/// The exchange's view of one order.
package struct OrderReport: Hashable, Sendable {
  package enum Status: Hashable, Sendable {
    case open, partiallyFilled, filled, canceled, partiallyCanceled
    /// A word that the exchange does not document; nothing is concluded from it.
    case undocumented(String)
  }

  package var orderID: String
  package var clientOrderID: String?
  package var symbol: Symbol
  package var side: Side
  /// `nil` when the exchange prints a type that orders of ours never have.
  package var type: OrderType?
  package var price: FixedDecimal?
  package var quantity: FixedDecimal?
  package var executedQuantity: FixedDecimal
  package var executedQuote: FixedDecimal
  package var status: Status

  package init(
    orderID: String, clientOrderID: String?, symbol: Symbol, side: Side, type: OrderType?,
    price: FixedDecimal?, quantity: FixedDecimal?, executedQuantity: FixedDecimal,
    executedQuote: FixedDecimal, status: Status
  ) {
    self.orderID = orderID
    self.clientOrderID = clientOrderID
    self.symbol = symbol
    self.side = side
    self.type = type
    self.price = price
    self.quantity = quantity
    self.executedQuantity = executedQuantity
    self.executedQuote = executedQuote
    self.status = status
  }
}

/// One fill, as the exchange's trade list shows it.
package struct TradeReport: Hashable, Sendable {
  package var tradeID: String
  package var orderID: String
  package var clientOrderID: String?
  package var symbol: Symbol
  package var price: FixedDecimal
  package var quantity: FixedDecimal

  package init(
    tradeID: String, orderID: String, clientOrderID: String?, symbol: Symbol,
    price: FixedDecimal, quantity: FixedDecimal
  ) {
    self.tradeID = tradeID
    self.orderID = orderID
    self.clientOrderID = clientOrderID
    self.symbol = symbol
    self.price = price
    self.quantity = quantity
  }
}

extension ExchangeAnswer {
  /// The answer to a placement of one order.
  package static func placed(orderID: String) -> ExchangeAnswer { .placed([.success(orderID)]) }
}

/// What came back, sorted by what it forces the daemon to do.
package enum ExchangeAnswer: Hashable, Sendable {
  case serverTime(WallTime)
  /// What was asked for and stands in neither list, the exchange does not list.
  case instruments([Instrument], unreadable: [UnreadableRules] = [])
  /// Sorted by symbol; a symbol that the exchange left out has no price.
  case prices([SymbolPrice])
  case tradableSymbols([Symbol])
  case keyInformation(KeyInformation)
  case accountRights(AccountRights)
  /// What became of each order of a placement, in the order of the request: the exchange has it under
  /// this identifier, or why not.
  case placed([Result<String, ExchangeFailure>])
  case validated
  case order(OrderReport)
  /// A well-formed "there is no such order".
  case orderMissing(ExchangeError)
  /// `isCut` where there may be more than the venue gives at once.
  case orders([OrderReport], unreadable: [UnreadableRow] = [], isCut: Bool = false)
  case trades([TradeReport], unreadable: [UnreadableRow] = [], isCut: Bool = false)
  /// Only that the cancel was taken; what it did to the order is read from the order.
  case cancelTaken
  /// There is a key, and the stream can be connected, or goes on.
  case accountStreamReady
  case failed(ExchangeFailure)
}

package struct SymbolPrice: Hashable, Sendable {
  package var symbol: Symbol
  package var price: FixedDecimal

  package init(symbol: Symbol, price: FixedDecimal) {
    self.symbol = symbol
    self.price = price
  }
}

package enum ExchangeFailure: Error, Hashable, Sendable {
  /// Provably not one byte of the request left this machine.
  case notSent(String)
  /// The request may have arrived; no complete answer came.
  case noAnswer(String)
  /// An answer came that proves nothing: 5xx, HTML, garbage, an echo of another order.
  case unreadable(String)
  /// 429, or 418 when `isBan`: nothing may be sent before the time is over.
  case throttled(ThrottleNotice)
  /// The exchange's firewall refused this machine.
  case blocked(String)
  /// A business error of the exchange.
  case refused(ExchangeError)
}

extension Result where Failure == ExchangeFailure {
  /// `nil` for what no limit refused.
  package var throttleNotice: ThrottleNotice? {
    if case .failure(.throttled(let notice)) = self { notice } else { nil }
  }
}

package struct ThrottleNotice: Hashable, Sendable {
  package var wait: Duration
  package var isBan: Bool
  package var text: String
  /// The exchange says for sure that it did nothing of what was asked.
  package var isDefinite: Bool

  package init(wait: Duration, isBan: Bool, text: String, isDefinite: Bool = true) {
    self.wait = wait
    self.isBan = isBan
    self.text = text
    self.isDefinite = isDefinite
  }
}

/// An error code of the exchange with what its table says of it.
package struct ExchangeError: Hashable, Sendable {
  /// What the code asks of a client.
  package enum Action: String, CaseIterable, Hashable, Sendable {
    /// Our request is wrong; sending it again unchanged cannot help.
    case fix
    /// Read the exchange's clock, then once more.
    case clock
    /// Read the order's state, then decide.
    case query
    /// Later.
    case wait
    /// Stop trading; a person must act.
    case halt
    /// The symbol, side or type cannot be traded now.
    case skip
    /// The symbol's trading is suspended, and opens again by itself.
    case suspended
    /// The size or the balance does not fit.
    case size

    /// Whether the same request, sent again, has to expect the same answer.
    package var isLasting: Bool {
      switch self {
      case .fix, .halt, .skip, .suspended, .size: true
      case .clock, .query, .wait: false
      }
    }

    /// Whether an answer about one symbol refuses the symbol, or how it was asked about.
    package var isAboutSymbol: Bool {
      switch self {
      case .fix, .skip, .suspended: true
      case .clock, .query, .wait, .halt, .size: false
      }
    }
  }

  package var code: Int
  /// The exchange's own words; bounded, may be in any language.
  package var text: String
  package var action: Action
  /// Whether this answer to a placement proves that no order was made.
  package var refusesPlacement: Bool
  /// One sentence for the operator.
  package var advice: String

  package init(
    code: Int, text: String, action: Action, refusesPlacement: Bool, advice: String
  ) {
    self.code = code
    self.text = text
    self.action = action
    self.refusesPlacement = refusesPlacement
    self.advice = advice
  }

  package var words: String { "code \(code): \(text)" }
}

/// What a request costs in the exchange's rate limits.
package struct RequestCost: Hashable, Sendable {
  /// Weight in the pool of this machine's address.
  package var ipWeight: Int
  /// Weight in the pool of the account.
  package var uidWeight: Int
  /// Whether it is an order or a cancel, which share one limit per second.
  package var isOrder: Bool
  /// Whether it is a placement of several orders, which have a limit per second of their own beside
  /// that of orders.
  package var isBatch: Bool
  /// Whether it counts in the limit of account reads per second.
  package var isAccountRead: Bool

  package init(
    ipWeight: Int, uidWeight: Int, isOrder: Bool = false, isBatch: Bool = false,
    isAccountRead: Bool = false
  ) {
    self.isBatch = isBatch
    self.ipWeight = ipWeight
    self.uidWeight = uidWeight
    self.isOrder = isOrder
    self.isAccountRead = isAccountRead
  }
}
