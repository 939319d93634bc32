package import JSON

/// What was read of a venue and rarely changes: the rules of symbols, and which of them the API key may
/// trade. Kept over a restart, so that a start need not wait for an exchange that is slow to say the
/// same again.
package struct VenueFacts: Hashable, Sendable {
  package struct Rules: Hashable, Sendable {
    package var instrument: Instrument
    package var readAt: WallTime

    package init(instrument: Instrument, readAt: WallTime) {
      self.instrument = instrument
      self.readAt = readAt
    }
  }

  package struct Pairs: Hashable, Sendable {
    package var symbols: Set<Symbol>
    package var readAt: WallTime

    package init(symbols: Set<Symbol>, readAt: WallTime) {
      self.symbols = symbols
      self.readAt = readAt
    }
  }

  package var rules: [Rules]
  /// `nil` where the venue does not say, or has not said it.
  package var pairs: Pairs?

  package init(rules: [Rules] = [], pairs: Pairs? = nil) {
    self.rules = rules
    self.pairs = pairs
  }

  /// A running daemon goes on with what it read last for as long as the exchange does not answer. A
  /// start does so for an hour: four times the time after which a running one asks again.
  package static let maximumAge: Duration = .seconds(3_600)

  /// What is young enough. A reading of the future tells no age: the clock was set back since.
  package func usable(at now: WallTime) -> VenueFacts {
    func isYoung(_ readAt: WallTime) -> Bool {
      let age = now.since(readAt)
      return age >= .zero && age <= Self.maximumAge
    }
    return VenueFacts(
      rules: rules.filter { isYoung($0.readAt) },
      pairs: pairs.flatMap { isYoung($0.readAt) ? $0 : nil })
  }
}

// MARK: - As JSON

extension VenueFacts {
  /// Says what the members mean.
  private static let version: Int64 = 2

  /// `source` is where they were read.
  package func json(from source: String) -> JSONValue {
    [
      "version": .integer(Self.version), "source": .string(source),
      "rules": .array(
        rules.map { ["read_at": .integer($0.readAt.milliseconds), "rules": $0.instrument.json] }),
      "pairs": pairs.map { pairs in
        [
          "read_at": .integer(pairs.readAt.milliseconds),
          "symbols": .array(pairs.symbols.sorted().map { .string($0.text) }),
        ]
      } ?? .null,
    ]
  }

  /// `nil` when it is of another source or version, or not all of it can be read.
  package init?(_ json: JSONValue, from source: String) {
    guard json["version"]?.integerValue == Self.version, json["source"]?.stringValue == source,
      let rows = json["rules"]?.arrayValue, let pairs = json["pairs"]
    else { return nil }
    let rules = rows.compactMap(Rules.init)
    guard rules.count == rows.count else { return nil }
    self.init(rules: rules, pairs: pairs.isNull ? nil : Pairs(pairs))
    if !pairs.isNull, self.pairs == nil { return nil }
  }
}

extension VenueFacts.Rules {
  fileprivate init?(_ json: JSONValue) {
    guard let readAt = json["read_at"]?.integerValue,
      let instrument = json["rules"].flatMap(Instrument.init)
    else { return nil }
    self.init(instrument: instrument, readAt: WallTime(milliseconds: readAt))
  }
}

extension VenueFacts.Pairs {
  fileprivate init?(_ json: JSONValue) {
    guard let readAt = json["read_at"]?.integerValue, let names = json["symbols"]?.arrayValue
    else { return nil }
    let symbols = names.compactMap { $0.stringValue.flatMap(Symbol.init(exchangeText:)) }
    guard symbols.count == names.count else { return nil }
    self.init(symbols: Set(symbols), readAt: WallTime(milliseconds: readAt))
  }
}

extension Instrument {
  fileprivate var json: JSONValue {
    [
      "venue": .string(venue.text), "symbol": .string(symbol.text), "base": .string(baseAsset),
      "quote": .string(quoteAsset),
      "tradable": .bool(isTradable), "sides": .string(sides.rawValue),
      "types": .array(types.map(\.rawValue).sorted().map { .string($0) }),
      "tick_size": .decimal(tickSize), "step_size": .decimal(stepSize),
      "quote_step": .decimal(quoteStep), "minimum_quantity": .decimal(minimumQuantity),
      "minimum_notional": .decimal(minimumNotional),
      "minimum_notional_market": .decimal(minimumNotionalMarket),
      "maximum_notional": .decimal(maximumNotional),
      "maximum_notional_market": .decimal(maximumNotionalMarket),
      "band_buy_up": .decimal(priceBand?.buyUp), "band_sell_down": .decimal(priceBand?.sellDown),
    ]
  }

  fileprivate init?(_ json: JSONValue) {
    func decimal(_ name: String) -> FixedDecimal? { json[name]?.decimalValue }
    /// Null is none; what is left out or cannot be read is a fault.
    func isOptional(_ name: String) -> Bool { json[name]?.isNull == true || decimal(name) != nil }
    let optional = [
      "maximum_notional", "maximum_notional_market", "band_buy_up", "band_sell_down",
    ]
    guard optional.allSatisfy(isOptional), let venue = json["venue"]?.stringValue,
      let symbol = json["symbol"]?.stringValue.flatMap(Symbol.init(exchangeText:)),
      let base = json["base"]?.stringValue, let quote = json["quote"]?.stringValue,
      let isTradable = json["tradable"]?.boolValue,
      let sides = json["sides"]?.stringValue.flatMap(TradableSides.init),
      let names = json["types"]?.arrayValue,
      let tickSize = decimal("tick_size"), let stepSize = decimal("step_size"),
      let quoteStep = decimal("quote_step"), let minimumQuantity = decimal("minimum_quantity"),
      let minimumNotional = decimal("minimum_notional"),
      let minimumNotionalMarket = decimal("minimum_notional_market")
    else { return nil }
    let types = names.compactMap { $0.stringValue.flatMap(OrderType.init) }
    let band = (decimal("band_buy_up"), decimal("band_sell_down"))
    guard types.count == names.count, (band.0 == nil) == (band.1 == nil) else { return nil }
    self.init(
      venue: VenueName(venue), symbol: symbol, baseAsset: base, quoteAsset: quote,
      isTradable: isTradable, sides: sides,
      types: Set(types), tickSize: tickSize, stepSize: stepSize, quoteStep: quoteStep,
      minimumQuantity: minimumQuantity, minimumNotional: minimumNotional,
      minimumNotionalMarket: minimumNotionalMarket, maximumNotional: decimal("maximum_notional"),
      maximumNotionalMarket: decimal("maximum_notional_market"),
      priceBand: band.0.flatMap { up in band.1.map { PriceBand(buyUp: up, sellDown: $0) } })
  }
}
