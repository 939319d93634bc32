import Domain

/// Why a request was made: what its answer is for.
enum Purpose: Hashable, Sendable {
  case clock
  case keepAlive
  case instruments([Symbol])
  case tradableSymbols
  case keyInformation
  /// Of everybody who waits for one when it leaves.
  case prices
  case place([OrderKey])
  case poll(OrderKey)
  /// One list instead of many single looks at orders of a symbol.
  case pollMany(Symbol, [OrderKey])
  /// Whether an order is among the open ones of its symbol.
  case pollOpen(OrderKey)
  /// Whether the fills of an order that is not among the open ones make up its quantity.
  case pollFills(OrderKey)
  case search(OrderKey, Search.View)
  case cancel(OrderKey)
  case verify(OrderKey, orderID: String, CommandToken)
  /// The key of the account's stream: a new one, or that it lives on.
  case accountStream(isNew: Bool)

  var group: SlidingWindow.Group {
    switch self {
    case .cancel: .cancel
    case .search, .verify, .poll, .pollMany, .pollOpen, .pollFills, .accountStream: .lookup
    case .clock, .keepAlive, .place, .prices, .instruments, .tradableSymbols, .keyInformation:
      .trading
    }
  }

  /// The order that it is about, where it is about one.
  var order: OrderKey? {
    switch self {
    case .poll(let key), .pollOpen(let key), .pollFills(let key), .search(let key, _),
      .cancel(let key):
      key
    case .place, .verify, .clock, .keepAlive, .instruments, .tradableSymbols, .keyInformation,
      .prices, .pollMany, .accountStream:
      nil
    }
  }
}

/// Requests that wait for their turn in the rate limits; first in, first out within a rank.
struct RequestQueue: Sendable {
  /// Lower goes first.
  enum Rank: Int, CaseIterable, Comparable, Sendable {
    case cancel, clock
    /// The clock, where what one connection told is to be confirmed by another, which may lead to another
    /// of the exchange's servers.
    case clockElsewhere
    case search, price, rules, pairs, stream, keepAlive, poll
    /// The long watch for orders that were not found lets everything else go first: many of them
    /// would leave nothing to the orders that are there.
    case watch

    static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
  }

  struct Item: Sendable {
    var purpose: Purpose
    var request: ExchangeRequest
  }

  /// By rank.
  private var items = [ArraySlice<Item>](repeating: [], count: Rank.allCases.count)
  private var purposes: Set<Purpose> = []

  var isEmpty: Bool { purposes.isEmpty }

  func contains(_ purpose: Purpose) -> Bool { purposes.contains(purpose) }

  /// What stands there already is not asked for twice. Without a rank it has its purpose's.
  mutating func add(_ request: ExchangeRequest, for purpose: Purpose, as rank: Rank? = nil) {
    guard purposes.insert(purpose).inserted else { return }
    let rank = rank ?? purpose.rank
    items[rank.rawValue].append(Item(purpose: purpose, request: request))
  }

  func count(of rank: Rank) -> Int { items[rank.rawValue].count }

  func first(_ rank: Rank) -> Item? { items[rank.rawValue].first }

  @discardableResult
  mutating func removeFirst(_ rank: Rank) -> Item? {
    guard let item = items[rank.rawValue].popFirst() else { return nil }
    purposes.remove(item.purpose)
    return item
  }

  /// Takes out everybody else of the rank who asks for exactly this.
  mutating func removeSharers(of request: ExchangeRequest, _ rank: Rank) -> [Purpose] {
    let waiting = items[rank.rawValue]
    guard waiting.contains(where: { $0.request == request }) else { return [] }
    let sharers = waiting.filter { $0.request == request }.map(\.purpose)
    items[rank.rawValue] = ArraySlice(waiting.filter { $0.request != request })
    for sharer in sharers { purposes.remove(sharer) }
    return sharers
  }

  func first(where isMeant: (Item) -> Bool) -> Item? {
    for waiting in items {
      if let item = waiting.first(where: isMeant) { return item }
    }
    return nil
  }
}

extension Purpose {
  fileprivate var rank: RequestQueue.Rank {
    switch self {
    case .cancel: .cancel
    case .clock: .clock
    case .search, .verify: .search
    case .place, .prices: .price
    case .instruments: .rules
    case .tradableSymbols, .keyInformation: .pairs
    case .accountStream: .stream
    case .keepAlive: .keepAlive
    case .poll, .pollMany, .pollOpen, .pollFills: .poll
    }
  }
}

/// The moment from which on orders are too late to leave, and what says so.
struct SendDeadline: Comparable, Sendable {
  enum Term: Sendable {
    case priceAge, receiveWindow
    /// Of one of the orders.
    case expiry
  }

  let term: Term
  let time: MonotonicTime

  init(_ term: Term, _ time: MonotonicTime) {
    self.term = term
    self.time = time
  }

  static func < (left: SendDeadline, right: SendDeadline) -> Bool { left.time < right.time }
}

/// A request whose answer is out.
struct Outstanding: Sendable {
  var purpose: Purpose
  /// Who asked for the same meanwhile: one answer serves all.
  var sharers: [Purpose] = []
  /// The symbols that a price look-up took along.
  var symbols: [Symbol] = []
  var sentAt: Moment
  /// It did not leave after that.
  var sendBefore: SendDeadline?
  /// It was not to leave any more.
  var isWithdrawn = false

  /// By what it is too late to leave.
  func passed(at now: MonotonicTime) -> SendDeadline.Term? {
    sendBefore.flatMap { $0.time <= now ? $0.term : nil }
  }
}
