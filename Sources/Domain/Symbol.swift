/// A spot pair as the exchange spells it: 2–64 letters, digits and parentheses without a separator.
/// Almost all are of `A–Z 0–9`; some have parentheses (`GOLD(XAUT)USDT`); letters of other scripts are
/// kept exactly as they are spelled.
package struct Symbol: CustomStringConvertible, Sendable {
  package let text: String
  /// Whether it is of `A–Z 0–9 ( )`.
  private let isPlain: Bool

  package var description: String { text }

  package enum SpellingError: Error, Equatable, Sendable {
    /// The spelling of a perpetual contract, which the spot exchange does not trade.
    case perpetual
    /// Names another exchange than MEXC before the colon.
    case otherExchange(String)
    /// Letters beyond ASCII that only look like plain ones.
    case lookalike
    case malformed
  }

  /// Unicode scalars. Twice the length of the longest names in use: it bounds what a stranger can
  /// put into journal lines and request targets.
  private static let lengths = 2...64
  /// A pair, the separator, and an exchange or a settlement currency beside it.
  private static let spellingBytesMaximum = 512

  /// Takes the exchange's own spelling only.
  package init?(exchangeText text: String) {
    // Lists have thousands of names, and almost none needs to be looked at letter by letter.
    let isPlain = Self.isPlain(text)
    guard Self.lengths.contains(isPlain ? text.utf8.count : text.unicodeScalars.count),
      isPlain || text.allSatisfy(Self.isAllowed), !text.utf8.allSatisfy(Self.isParenthesis)
    else { return nil }
    self.text = text
    self.isPlain = isPlain
  }

  /// Takes every spelling that signal tools use: `BTCUSDT`, `BTC/USDT`, `BTC_USDT`, `btc-usdt`,
  /// `MEXC:BTCUSDT`. Perpetual spellings (`.P`, `:USDT`, `-SWAP`, `PERP`) are refused as such.
  /// Throws why it is no spot symbol.
  package init(spelling: String) throws(SpellingError) {
    if let symbol = Self.plain(spelling) {
      self = symbol
      return
    }
    guard spelling.utf8.count <= Self.spellingBytesMaximum,
      spelling.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { throw .malformed }
    var name = Self.uppercased(spelling)
    if name.hasPrefix("MEXC:") { name = name.dropFirst("MEXC:".count) }
    if Self.isPerpetual(name) { throw .perpetual }
    if let exchange = Self.exchange(before: name) { throw .otherExchange(exchange) }
    guard let symbol = Self.pair(name) else { throw .malformed }
    if symbol.isLookalike { throw .lookalike }
    self = symbol
  }

  /// The exchange's own spelling, which most signals use. A perpetual contract can be spelled so too.
  private static func plain(_ spelling: String) -> Symbol? {
    if spelling.utf8.last == UInt8(ascii: "P"),
      spelling.hasSuffix("SWAP") || spelling.hasSuffix("PERP")
    {
      return nil
    }
    return isPlain(spelling) ? Symbol(exchangeText: spelling) : nil
  }

  private static func isPlain(_ text: String) -> Bool {
    let bytes = text.utf8.span
    for place in bytes.indices where !isASCIISymbol(bytes[place]) { return false }
    return true
  }

  /// ASCII letters alone: Unicode turns some letters of other scripts into two, or into ASCII ones.
  private static func uppercased(_ spelling: String) -> Substring {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let bytes = spelling.utf8.map { letters.contains($0) ? $0 - 0x20 : $0 }
    return Substring(String(decoding: bytes, as: UTF8.self))
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
      exchange.utf8.allSatisfy({ isASCIILetterOrDigit($0) || $0 == UInt8(ascii: "_") })
    else { return nil }
    return String(exchange)
  }

  private static func isASCIISymbol(_ byte: UInt8) -> Bool {
    isASCIILetterOrDigit(byte) || isParenthesis(byte)
  }

  private static func isParenthesis(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")")
  }

  private static func isASCIILetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// A parenthesis, or a letter or digit with the marks that belong to it. An ASCII letter has none: it
  /// would look like another symbol.
  private static func isAllowed(_ character: Character) -> Bool {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return false }
    if first.isASCII { return scalars.count == 1 && isASCIISymbol(UInt8(first.value)) }
    return isLetterOrDigit(first)
      && scalars.dropFirst().allSatisfy { isLetterOrDigit($0) || isMark($0) }
  }

  private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber:
      !scalar.properties.isDefaultIgnorableCodePoint
    default: false
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark: !scalar.properties.isDefaultIgnorableCodePoint
    default: false
    }
  }

  /// Whether it reads like a symbol of plain letters, and is another: an input method's mistake, or
  /// somebody's trap.
  private var isLookalike: Bool {
    let foreign = text.unicodeScalars.filter { !$0.isASCII }
    return !foreign.isEmpty
      && foreign.allSatisfy { Self.wideForms.contains($0.value) || Self.lookalikes.contains($0) }
  }

  /// The wide forms of ASCII.
  private static let wideForms: ClosedRange<UInt32> = 0xFF01...0xFF5E
  /// Cyrillic, then Greek capitals.
  private static let lookalikes = Set("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ".unicodeScalars)
}

/// By bytes: Swift's strings are equal when they are spelled with other code points but look the
/// same, and the exchange knows only one of the spellings.
extension Symbol: Hashable, Comparable {
  package static func == (left: Symbol, right: Symbol) -> Bool {
    // Plain letters are spelled in one way.
    if left.isPlain && right.isPlain { return left.text == right.text }
    return left.text.utf8.elementsEqual(right.text.utf8)
  }

  package static func < (left: Symbol, right: Symbol) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    // Equal bytes have the same hash, whatever else has it too.
    hasher.combine(text)
  }
}
