import Domain

/// Why a request was made: what its answer is for.
enum Purpose: Hashable, Sendable {
  case clock
  case instruments([Symbol])
  case tradableSymbols
  case prices([Symbol])
  case place(OrderKey)
  case poll(OrderKey)
  /// One list instead of many single looks at orders of a symbol.
  case pollMany(Symbol, [OrderKey])
  case search(OrderKey, Search.View)
  case cancel(OrderKey)
  case verify(OrderKey, orderID: String, CommandToken)

  /// Lower goes first.
  var priority: Int {
    switch self {
    case .cancel: 0
    case .clock: 1
    case .search, .verify: 2
    case .place, .prices: 3
    case .instruments, .tradableSymbols: 4
    case .poll, .pollMany: 5
    }
  }

  var group: SlidingWindow.Group {
    switch self {
    case .cancel: .cancel
    case .search, .verify, .poll, .pollMany: .lookup
    case .clock, .place, .prices, .instruments, .tradableSymbols: .trading
    }
  }
}

/// Requests that wait for their turn in the rate limits; first in, first out within a priority.
struct RequestQueue: Sendable {
  struct Item: Sendable {
    var purpose: Purpose
    var request: ExchangeRequest
    /// The long watch for orders that were not found lets everything else go first: many of them
    /// would leave nothing to the orders that are there.
    var canWait: Bool

    var priority: Int { canWait ? .max : purpose.priority }
  }

  private(set) var items: [Item] = []

  mutating func add(_ request: ExchangeRequest, for purpose: Purpose, canWait: Bool = false) {
    let item = Item(purpose: purpose, request: request, canWait: canWait)
    let place = items.firstIndex { $0.priority > item.priority } ?? items.endIndex
    items.insert(item, at: place)
  }

  mutating func removeAll(where condition: (Item) -> Bool) {
    items.removeAll(where: condition)
  }
}

/// A request whose answer is out.
struct Outstanding: Sendable {
  var purpose: Purpose
  var sentAt: Moment
}

extension ExchangeRequest {
  /// Whether the exchange wants a signature and a stamp on it.
  var isSigned: Bool {
    switch self {
    case .serverTime, .instruments, .prices: false
    case .tradableSymbols, .place, .validate, .order, .openOrders, .recentOrders, .trades, .cancel:
      true
    }
  }
}
