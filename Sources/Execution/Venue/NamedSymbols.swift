import Domain

/// The symbols that signals named, where every symbol is allowed: their rules are asked for as they
/// come, several together and not too often.
struct NamedSymbols: Sendable {
  private(set) var all: [Symbol] = []
  /// Those of them that are still to be asked for.
  private var waiting: [Symbol] = []
  /// When the last of them were asked for.
  private var askedAt: [MonotonicTime] = []

  /// New symbols are asked for together while a reading is out, and no more often than so: four readings
  /// in ten seconds use a third of the published limit, and leave the rest to prices and orders.
  private static let readings = (count: 4, within: Duration.seconds(10))
  private static let together = 50

  var isWaiting: Bool { !waiting.isEmpty }

  /// Those that were asked for.
  var asked: [Symbol] { waiting.isEmpty ? all : all.filter { !waiting.contains($0) } }

  /// Begins anew with these, whose rules were asked for otherwise.
  mutating func restart(with symbols: [Symbol]) {
    all = symbols
    waiting = []
  }

  mutating func add(_ symbol: Symbol) {
    if all.contains(symbol) { return }
    all.append(symbol)
    waiting.append(symbol)
  }

  mutating func forget(_ symbols: [Symbol]) {
    all.removeAll(where: symbols.contains)
    waiting.removeAll(where: symbols.contains)
  }

  /// The new ones of a list that the firewall refuses may pass without the others. Where they were
  /// asked for without them, it is the others' turn.
  mutating func putBack(_ new: [Symbol], from list: [Symbol]) {
    guard new.count < list.count else { return }
    waiting = all.filter { waiting.contains($0) || new.contains($0) }
  }

  /// When the next may be asked for.
  func nextReading(at now: MonotonicTime) -> MonotonicTime {
    guard askedAt.count == Self.readings.count, let first = askedAt.first else { return now }
    return max(now, first.advanced(by: Self.readings.within))
  }

  /// Takes those that are to be asked for now.
  mutating func takeNext(at now: MonotonicTime) -> [Symbol] {
    let symbols = Array(waiting.prefix(Self.together))
    waiting.removeFirst(symbols.count)
    askedAt = askedAt.suffix(Self.readings.count - 1) + [now]
    return symbols
  }

  /// All of them are asked for at once.
  mutating func takeAll() -> [Symbol] {
    waiting = []
    return all
  }
}
