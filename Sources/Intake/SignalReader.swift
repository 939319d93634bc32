package import Domain
import JSON

/// Reads one signal. Nothing is guessed: what could be meant in two ways is refused.
package enum SignalReader {
  /// `maximumBytes` is the configured limit of one signal's text. Throws why the text is no signal
  /// that can be taken.
  package static func read(
    _ bytes: [UInt8], maximumBytes: Int
  ) throws(SignalRefusal) -> Signal {
    try readSigned(bytes, maximumBytes: maximumBytes).signal
  }

  /// The same, with the signature that it carries, if it does. Whether that is right is not judged.
  /// Throws as `read` does.
  package static func readSigned(
    _ bytes: [UInt8], maximumBytes: Int
  ) throws(SignalRefusal) -> (signal: Signal, signature: SignalSignature?) {
    guard bytes.count <= maximumBytes else {
      throw NotASignalText.tooLong(bytes: bytes.count, maximum: maximumBytes).refusal
    }
    let fields = try SignalFields(members(of: bytes))
    try fields.refuseUnknown()
    let type = try type(in: fields)
    let createdAt = try fields.time(.createdAt)
    let signal = Signal(
      id: try id(in: fields),
      symbol: try symbol(in: fields),
      side: try side(in: fields),
      type: type,
      amount: try amount(in: fields),
      price: try price(in: fields, for: type),
      referencePrice: try fields.decimal(.referencePrice),
      maximumDeviation: try fields.decimal(.maximumDeviation),
      createdAt: createdAt,
      expiry: try expiry(in: fields, createdAt: createdAt),
      source: try fields.text(.source, maximumLength: sourceMaximumLength),
      sequence: try fields.count(.sequence),
      note: try fields.text(.note, maximumLength: noteMaximumLength))
    return (signal, try signature(in: fields))
  }

  static func signature(in fields: SignalFields) throws(SignalRefusal) -> SignalSignature? {
    let code = try fields.text(.signature, maximumLength: signatureMaximumLength)
    return code.map { SignalSignature(code: $0, signedText: fields.signedText) }
  }

  /// Characters. A source is a name; a note is a remark. Both are logged on one line.
  private static let sourceMaximumLength = 256
  private static let noteMaximumLength = 1_024
  /// Twice what a right one has.
  private static let signatureMaximumLength = 128

  private static func members(of bytes: [UInt8]) throws(SignalRefusal) -> [JSONMember] {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(bytes)
    } catch {
      let isBlank = bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
      throw SignalRefusal(
        code: .invalidJSON, id: nil, field: nil, position: error.position,
        message: isBlank
          ? "There is nothing in it." : "Not strict JSON: \(error.description).",
        breaksOff: error.isIncomplete)
    }
    guard case .object(let members) = value else {
      throw SignalRefusal(
        code: .invalidJSON, id: nil, field: nil, position: .start,
        message: "A signal is one JSON object; this is \(value.kindWithArticle).")
    }
    return members
  }

  private static func id(in fields: SignalFields) throws(SignalRefusal) -> SignalID {
    let text = try fields.requiredString(.id)
    guard let id = fields.id else {
      throw fields.refusal(
        .id, "must be 1 to 64 of the characters A–Z a–z 0–9 . _ : -, not \(Quoted.text(text))")
    }
    return id
  }

  private static func symbol(in fields: SignalFields) throws(SignalRefusal) -> Symbol {
    let text = try fields.requiredString(.symbol)
    do throws(Symbol.SpellingError) {
      return try Symbol(spelling: text)
    } catch {
      switch error {
      case .perpetual:
        throw fields.refusal(
          .symbol, "names a perpetual contract (\(Quoted.text(text))), and this is the spot market")
      case .otherExchange(let name):
        throw fields.refusal(
          .symbol, "names another exchange than MEXC before the colon: \(Quoted.text(name))")
      case .lookalike:
        throw fields.refusal(
          .symbol,
          "has letters that only look like those of a plain symbol: \(Quoted.text(text))")
      case .malformed:
        throw fields.refusal(
          .symbol, "must read like BTCUSDT or BTC/USDT, not \(Quoted.text(text))")
      }
    }
  }

  private static func side(in fields: SignalFields) throws(SignalRefusal) -> Side {
    let text = try fields.requiredString(.side)
    guard let side = ASCII.lowercased(text).flatMap(side(named:)) else {
      throw fields.refusal(.side, "must be \"buy\" or \"sell\", not \(Quoted.text(text))")
    }
    return side
  }

  /// The signal's own word, or what the presence of a price says.
  private static func type(in fields: SignalFields) throws(SignalRefusal) -> OrderType {
    guard let text = try fields.string(.type) else {
      return fields.isPresent(.price) ? .limit : .market
    }
    guard let word = ASCII.lowercased(text), let type = type(named: word) else {
      throw fields.refusal(
        .type,
        "must be \"limit\", \"market\", \"limit_maker\", \"ioc\" or \"fok\", "
          + "not \(Quoted.text(text)); the spot market takes no other orders")
    }
    return type
  }

  private static func side(named word: String) -> Side? {
    switch word {
    case "buy": .buy
    case "sell": .sell
    default: nil
    }
  }

  /// Our names, and the exchange's own (MEXC spot v3, "Enum definitions"), in lower case.
  private static func type(named word: String) -> OrderType? {
    switch word {
    case "limit": .limit
    case "market": .market
    case "limit_maker": .limitMaker
    case "ioc", "immediate_or_cancel": .immediateOrCancel
    case "fok", "fill_or_kill": .fillOrKill
    default: nil
    }
  }

  private static func amount(in fields: SignalFields) throws(SignalRefusal) -> Signal.Amount {
    let base = try fields.decimal(.quantity)
    let quote = try fields.decimal(.quoteQuantity)
    switch (base, quote) {
    case (.some(let base), nil): return .base(base)
    case (nil, .some(let quote)): return .quote(quote)
    case (.some, .some):
      throw fields.refusal(.quoteQuantity, "contradicts quantity: give exactly one of the two")
    case (nil, nil):
      throw fields.refusal(.quantity, "is missing: give quantity or quote_quantity")
    }
  }

  private static func price(
    in fields: SignalFields, for type: OrderType
  ) throws(SignalRefusal) -> FixedDecimal? {
    let price = try fields.decimal(.price)
    if price == nil && type.hasPrice {
      throw fields.refusal(.price, "is missing: an order of type \(type.rawValue) needs it")
    }
    if price != nil && !type.hasPrice {
      throw fields.refusal(
        .price, "contradicts the type: a market order has no price (see reference_price)")
    }
    return price
  }

  private static func expiry(
    in fields: SignalFields, createdAt: WallTime?
  ) throws(SignalRefusal) -> Signal.Expiry {
    let expiresAt = try fields.time(.expiresAt)
    let timeToLive = try fields.duration(.timeToLive)
    if expiresAt != nil && timeToLive != nil {
      throw fields.refusal(.timeToLive, "contradicts expires_at: give at most one of the two")
    }
    if let timeToLive { return .timeToLive(timeToLive) }
    guard let expiresAt else { return .unstated }
    if let createdAt, expiresAt <= createdAt {
      throw fields.refusal(.expiresAt, "is not after created_at")
    }
    return .at(expiresAt)
  }
}

/// What a signal says to prove who made it.
package struct SignalSignature: Sendable {
  /// As it came: 64 hexadecimal digits when it is right.
  package let code: String
  /// What the code is to be made of.
  package let signedText: String
}

enum ASCII {
  /// `nil` when the text is not ASCII: Unicode lets some other letters fold into ASCII ones.
  static func lowercased(_ text: String) -> String? {
    let bytes = text.utf8.span
    var isLower = true
    for place in bytes.indices {
      if bytes[place] >= 0x80 { return nil }
      if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= bytes[place] { isLower = false }
    }
    return isLower ? text : text.lowercased()
  }
}
