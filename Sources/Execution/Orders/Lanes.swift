import Domain

/// Orders that wait, of each symbol apart. The sources of signals take turns, whatever each of them
/// has waiting, and within a source the order goes first that expires first. An entry counts only
/// while its order still waits for what the lane is for: whoever looks says so, and what does not
/// count is dropped then.
struct Lanes: Sendable {
  /// One order of a source: the soonest to expire goes first, of equals the oldest.
  fileprivate struct Entry: Comparable, Sendable {
    /// As the signal gives it: by the monotonic clock two that are equal would differ.
    var expiry: WallTime
    var number: Int
    var key: OrderKey

    static func < (left: Entry, right: Entry) -> Bool {
      (left.expiry, left.number) < (right.expiry, right.number)
    }
  }

  /// An order whose turn it is among its source's.
  struct Turn: Comparable, Sendable {
    fileprivate var round: Int
    fileprivate var entry: Entry
    fileprivate var source: String

    var key: OrderKey { entry.key }

    static func < (left: Turn, right: Turn) -> Bool {
      left.round == right.round ? left.entry < right.entry : left.round < right.round
    }
  }

  private struct Lane: Sendable {
    var sources: [String: Heap<Entry>] = [:]
    var count = 0

    mutating func insert(_ entry: Entry, of source: String) {
      sources[source, default: Heap()].insert(entry)
      count += 1
    }

    mutating func removeFirst(of source: String) -> Entry? {
      guard let place = sources.index(forKey: source),
        let entry = sources.values[place].removeFirst()
      else { return nil }
      count -= 1
      if sources.values[place].isEmpty { sources.remove(at: place) }
      return entry
    }
  }

  /// An order that stands in no lane yet.
  private struct Arrival: Sendable {
    let entry: Entry
    let symbol: Symbol
    let source: String
  }

  /// The only order that waits: most leave at once, and take no turns with others.
  private var lone: Arrival?
  private var lanes: [Symbol: Lane] = [:]
  /// What stands in a lane, so that nothing stands there twice.
  private var queued: Set<OrderKey> = []
  /// In which round the next order of a source goes, and how many of its orders stand in lanes.
  private var rounds: [String: (next: Int, waiting: Int)] = [:]
  /// The round of the last order that went: a source that comes later begins here.
  private var round = 0

  /// So many sources take turns of their own; those beyond share one turn, so that a look stays cheap
  /// whatever names signals bear.
  static let sourcesMaximum = 64
  private static let others = ""

  /// In a fixed order: what follows from them must not differ from run to run.
  var symbols: [Symbol] { lone.map { [$0.symbol] } ?? lanes.keys.sorted() }

  var isEmpty: Bool { lone == nil && lanes.isEmpty }

  func count(of symbol: Symbol) -> Int {
    lone.map { $0.symbol == symbol ? 1 : 0 } ?? lanes[symbol]?.count ?? 0
  }

  mutating func insert(_ life: OrderLife) {
    let arrival = Arrival(
      entry: Entry(expiry: life.expiry.wall, number: life.number, key: life.key),
      symbol: life.symbol, source: life.signal.source ?? Self.others)
    if isEmpty {
      lone = arrival
      return
    }
    if let first = lone {
      if first.entry.key == life.key { return }
      lone = nil
      place(first)
    }
    place(arrival)
  }

  private mutating func place(_ arrival: Arrival) {
    guard queued.insert(arrival.entry.key).inserted else { return }
    var source = arrival.source
    if rounds[source] == nil, rounds.count >= Self.sourcesMaximum { source = Self.others }
    rounds[source, default: (round, 0)].waiting += 1
    lanes[arrival.symbol, default: Lane()].insert(arrival.entry, of: source)
  }

  mutating func head(of symbol: Symbol, where counts: (OrderKey) -> Bool) -> Turn? {
    if let lone {
      guard lone.symbol == symbol else { return nil }
      if counts(lone.entry.key) {
        return Turn(round: round, entry: lone.entry, source: lone.source)
      }
      self.lone = nil
      return nil
    }
    var best: Turn?
    // In any order: no two turns are equal.
    for source in Array((lanes[symbol]?.sources ?? [:]).keys) {
      guard let turn = head(of: source, symbol, where: counts) else { continue }
      best = best.map { min($0, turn) } ?? turn
    }
    return best
  }

  private mutating func head(
    of source: String, _ symbol: Symbol, where counts: (OrderKey) -> Bool
  ) -> Turn? {
    while let entry = lanes[symbol]?.sources[source]?.first {
      if counts(entry.key) {
        return Turn(round: rounds[source]?.next ?? round, entry: entry, source: source)
      }
      removeFirst(of: source, symbol)
    }
    return nil
  }

  /// Takes out the order whose turn it is.
  mutating func take(_ turn: Turn, of symbol: Symbol) {
    if let lone {
      invariant(lone.entry.key == turn.key, "whoever takes an order has just seen its turn")
      self.lone = nil
      return
    }
    round = max(round, turn.round)
    rounds[turn.source]?.next = turn.round + 1
    removeFirst(of: turn.source, symbol)
  }

  private mutating func removeFirst(of source: String, _ symbol: Symbol) {
    guard let lane = lanes.index(forKey: symbol),
      let entry = lanes.values[lane].removeFirst(of: source)
    else { return }
    queued.remove(entry.key)
    if lanes.values[lane].count == 0 { lanes.remove(at: lane) }
    guard let turns = rounds.index(forKey: source) else { return }
    rounds.values[turns].waiting -= 1
    if rounds.values[turns].waiting == 0 { rounds.remove(at: turns) }
  }
}
