import Domain

/// Words in their order, read one after the other.
struct ToyWords {
  /// Stands where a word could be and is not.
  static let none = "none"

  private var rest: ArraySlice<Substring>

  init(_ text: some StringProtocol, separator: Character = " ") {
    rest = text.split(separator: separator).map { Substring($0) }[...]
  }

  mutating func next() -> String? { rest.popFirst().map { String($0) } }

  /// All that follows.
  mutating func remainder() -> String {
    defer { rest = [] }
    return rest.joined(separator: " ")
  }

  mutating func symbol() -> Symbol? { next().flatMap { Symbol(exchangeText: $0) } }

  mutating func symbols() -> [Symbol]? {
    guard let list = next() else { return nil }
    let symbols = list.split(separator: "+").compactMap { Symbol(exchangeText: String($0)) }
    return symbols.isEmpty ? nil : symbols
  }

  mutating func decimal() -> FixedDecimal? { next().flatMap { try? FixedDecimal($0) } }

  /// `nil` when the word is missing or is no number; `.some(nil)` when it says that there is none.
  mutating func optionalDecimal() -> FixedDecimal?? {
    guard let word = next() else { return nil }
    if word == Self.none { return .some(nil) }
    return (try? FixedDecimal(word)).map { .some($0) }
  }

  mutating func time() -> WallTime? {
    next().flatMap { Int64($0) }.map { WallTime(milliseconds: $0) }
  }
}
