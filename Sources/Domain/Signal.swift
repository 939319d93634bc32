package enum Side: String, CaseIterable, Hashable, Sendable {
  case buy, sell
}

package enum OrderType: String, CaseIterable, Hashable, Sendable {
  /// Rests until filled or cancelled.
  case limit
  /// Fills at once within the exchange's protective price band; the rest is cancelled.
  case market
  /// Rests only: never takes liquidity.
  case limitMaker = "limit_maker"
  /// Fills what it can at once at the price or better; the rest is cancelled.
  case immediateOrCancel = "ioc"
  /// Fills whole at once or not at all.
  case fillOrKill = "fok"

  package var hasPrice: Bool { self != .market }

  /// Whether the order can rest in the book after the exchange has taken it.
  package var canRest: Bool { self == .limit || self == .limitMaker }
}

/// The idempotency key that the producer of a signal chose: 1–64 of `A–Z a–z 0–9 . _ : -`.
package struct SignalID: Comparable, CustomStringConvertible, Sendable {
  package let text: String
  /// An id is looked up many times in its life, and made once.
  private let hash: Int

  package init?(_ text: String) {
    let bytes = text.utf8.span
    guard (1...64).contains(bytes.count) else { return nil }
    for place in bytes.indices where !Self.isAllowed(bytes[place]) { return nil }
    self.text = text
    hash = text.hashValue
  }

  package var description: String { text }

  package static func < (left: SignalID, right: SignalID) -> Bool { left.text < right.text }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: ":"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension SignalID: Hashable {
  package static func == (left: SignalID, right: SignalID) -> Bool { left.text == right.text }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

  /// What dictionaries and sets ask for. The text was hashed with this process's secret when the id was
  /// made: hashing the hash again would spread it no better.
  package func _rawHashValue(seed: Int) -> Int { hash ^ seed }
}

/// What a trader's tool wants done, read and checked for form; nothing about it has been decided.
package struct Signal: Equatable, Sendable {
  /// How much: a base amount, or a quote amount to spend or receive. Always > 0.
  package enum Amount: Hashable, Sendable {
    case base(FixedDecimal)
    case quote(FixedDecimal)
  }

  /// Until when it may be acted on, as the signal itself says it.
  package enum Expiry: Hashable, Sendable {
    case at(WallTime)
    case timeToLive(Duration)
    /// The signal says neither; the configured default counts.
    case unstated
  }

  package var id: SignalID
  package var symbol: Symbol
  package var side: Side
  package var type: OrderType
  package var amount: Amount
  /// Present exactly when the type has a price.
  package var price: FixedDecimal?
  /// The market's price when the signal was made.
  package var referencePrice: FixedDecimal?
  /// Basis points (1/10,000); may only tighten the configured guard.
  package var maximumDeviation: FixedDecimal?
  package var createdAt: WallTime?
  package var expiry: Expiry
  package var source: String?
  /// The source's own count of its signals.
  package var sequence: Int64?
  package var note: String?

  package init(
    id: SignalID, symbol: Symbol, side: Side, type: OrderType, amount: Amount,
    price: FixedDecimal? = nil, referencePrice: FixedDecimal? = nil,
    maximumDeviation: FixedDecimal? = nil, createdAt: WallTime? = nil,
    expiry: Expiry = .unstated, source: String? = nil, sequence: Int64? = nil,
    note: String? = nil
  ) {
    self.id = id
    self.symbol = symbol
    self.side = side
    self.type = type
    self.amount = amount
    self.price = price
    self.referencePrice = referencePrice
    self.maximumDeviation = maximumDeviation
    self.createdAt = createdAt
    self.expiry = expiry
    self.source = source
    self.sequence = sequence
    self.note = note
  }
}

extension Signal {
  /// One text for one meaning: two signals with the same id are the same signal exactly when these
  /// texts are equal, however their JSON was spaced or ordered.
  package var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

  /// The UTF-8 of that text.
  package var canonicalBytes: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(Self.usualTextBytes)
    text.append(text: "id=")
    text.append(text: id.text)
    func begin(_ name: String) {
      text.append(UInt8(ascii: "\n"))
      text.append(text: name)
      text.append(UInt8(ascii: "="))
    }
    func add(_ name: String, _ value: String) {
      begin(name)
      text.append(text: value)
    }
    func add(_ name: String, _ value: FixedDecimal) {
      begin(name)
      text.append(decimal: value)
    }
    func add(_ name: String, _ value: Int64) {
      begin(name)
      text.append(number: value)
    }
    /// Lengths stand before the free texts so that no text can imitate a field.
    func add(_ name: String, free value: String) {
      add(name, Int64(value.utf8.count))
      text.append(UInt8(ascii: ":"))
      text.append(text: value)
    }
    add("symbol", symbol.text)
    add("side", side.rawValue)
    add("type", type.rawValue)
    switch amount {
    case .base(let quantity): add("quantity", quantity)
    case .quote(let quantity): add("quote_quantity", quantity)
    }
    if let price { add("price", price) }
    if let referencePrice { add("reference_price", referencePrice) }
    if let maximumDeviation { add("maximum_deviation_bps", maximumDeviation) }
    if let createdAt { add("created_at", createdAt.milliseconds) }
    switch expiry {
    case .at(let time): add("expires_at", time.milliseconds)
    case .timeToLive(let duration): add("ttl_ms", duration.wholeMilliseconds)
    case .unstated: break
    }
    if let source { add("source", free: source) }
    if let sequence { add("sequence", sequence) }
    if let note { add("note", free: note) }
    return text
  }

  private static let usualTextBytes = 256
}
