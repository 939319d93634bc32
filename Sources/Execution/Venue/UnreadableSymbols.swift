import Domain

/// The symbols whose rules could not be read. They are read again soon, and by themselves: all symbols
/// together may be more than the exchange takes by name, and then the answer is its whole list.
struct UnreadableSymbols: Sendable {
  /// When each is read next.
  private var due: [Symbol: MonotonicTime] = [:]

  private static let pause: Duration = .seconds(30)

  var isEmpty: Bool { due.isEmpty }

  mutating func add(_ symbol: Symbol, at now: MonotonicTime) {
    due[symbol] = now.advanced(by: Self.pause)
  }

  mutating func remove(_ symbol: Symbol) { due[symbol] = nil }

  mutating func keepOnly(_ symbols: [Symbol]) {
    due = due.filter { symbols.contains($0.key) }
  }

  /// Those that are to be read now; asks to be called again when that comes later.
  mutating func takeDue(_ reaction: inout Reaction) -> [Symbol] {
    guard let first = due.values.min() else { return [] }
    let now = reaction.now.monotonic
    guard first <= now else {
      reaction.wake(at: first)
      return []
    }
    let symbols = due.filter { $0.value <= now }.keys.sorted()
    // An answer that does not come is not waited for.
    for symbol in symbols { add(symbol, at: now) }
    return symbols
  }
}
