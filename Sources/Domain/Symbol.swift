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
    guard spelling.utf8.count <= 64, spelling.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .malformed }
    var name = Substring(spelling.uppercased())
    if name.hasPrefix("MEXC:") { name = name.dropFirst("MEXC:".count) }
    if Self.isPerpetual(name) { throw .perpetual }
    if let exchange = Self.exchange(before: name) { throw .otherExchange(exchange) }
    guard let symbol = Self.pair(name) else { throw .malformed }
    self = symbol
  }

  /// The pair without its separator, of which there may be one.
  private static func pair(_ name: Substring) -> Symbol? {
    let parts = name.split(
      omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "_" || $0 == "-" })
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    return Symbol(exchangeText: parts.joined())
  }

  private static func isPerpetual(_ name: Substring) -> Bool {
    if name.hasSuffix(".P") || name.hasSuffix("SWAP") || name.hasSuffix("PERP") { return true }
    // `BTC/USDT:USDT`: a settlement currency behind a pair, most often one of the pair's two. An
    // exchange in front of a pair is neither a pair nor does it begin or end like what follows.
    guard let colon = name.lastIndex(of: ":"), Self.pair(name[..<colon]) != nil
    else { return false }
    let front = name[..<colon]
    let settlement = name[name.index(after: colon)...]
    guard !settlement.isEmpty else { return false }
    return front.contains("/") || front.hasSuffix(settlement) || front.hasPrefix(settlement)
  }

  /// The exchange named before the colon: letters, digits and `_`, as charting tools write it.
  private static func exchange(before name: Substring) -> String? {
    guard let colon = name.firstIndex(of: ":"), name.index(after: colon) < name.endIndex
    else { return nil }
    let exchange = name[..<colon]
    guard !exchange.isEmpty, exchange != "MEXC",
      exchange.utf8.allSatisfy({ isSymbolByte($0) || $0 == UInt8(ascii: "_") })
    else { return nil }
    return String(exchange)
  }

  private static func isSymbolByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
