/// A spot pair as the exchange spells it: 2–20 of `A–Z 0–9`, no separator.
package struct Symbol: Hashable, Comparable, CustomStringConvertible, Sendable {
  package let text: String

  package var description: String { text }

  package static func < (left: Symbol, right: Symbol) -> Bool { left.text < right.text }

  package enum SpellingError: Error, Equatable, Sendable {
    /// The spelling of a perpetual contract, which the spot exchange does not trade.
    case perpetual
    /// Names another exchange than MEXC before the colon.
    case otherExchange(String)
    case malformed
  }

  private static let lengths = 2...20

  /// Takes the exchange's own spelling only.
  package init?(exchangeText text: String) {
    guard Self.lengths.contains(text.utf8.count), text.utf8.allSatisfy(Self.isSymbolByte)
    else { return nil }
    self.text = text
  }

  /// Takes every spelling that signal tools use: `BTCUSDT`, `BTC/USDT`, `BTC_USDT`, `btc-usdt`,
  /// `MEXC:BTCUSDT`. Perpetual spellings (`.P`, `:USDT`, `-SWAP`, `PERP`) are refused as such.
  package init(spelling: String) throws(SpellingError) {
    var name = spelling.uppercased()
    guard spelling.utf8.count <= 64, spelling.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .malformed }
    if Self.isPerpetual(name) { throw .perpetual }
    if let colon = name.firstIndex(of: ":") {
      let exchange = String(name[..<colon])
      guard exchange == "MEXC" else { throw .otherExchange(exchange) }
      name = String(name[name.index(after: colon)...])
    }
    let parts = name.split(
      omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "_" || $0 == "-" })
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { throw .malformed }
    guard let symbol = Symbol(exchangeText: parts.joined()) else { throw .malformed }
    self = symbol
  }

  private static func isPerpetual(_ name: String) -> Bool {
    if name.hasSuffix(".P") || name.hasSuffix("SWAP") || name.hasSuffix("PERP") { return true }
    // `BTC/USDT:USDT`: a settlement currency behind the pair. `MEXC:BTCUSDT` has the colon in front.
    guard let colon = name.lastIndex(of: ":") else { return false }
    return name[..<colon].contains { $0 == "/" || $0 == "_" || $0 == "-" }
      || name[name.index(after: colon)...].utf8.count <= 4
  }

  private static func isSymbolByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
