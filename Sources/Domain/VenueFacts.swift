package import JSON

/// What was read of a venue and rarely changes: the rules of symbols, which of them the API key may
/// trade, and how its clock stands to this machine's. Kept over a restart, so that a start need not wait
/// for an exchange that is slow to say the same again.
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

  /// One reading of the venue's clock. Beside the machine's monotonic clock it says the time as long as
  /// the machine's boot lasts.
  package struct Clock: Hashable, Sendable {
    package var time: WallTime
    /// The moment at which it was `time` there, to within `error`.
    package var readAt: MonotonicTime
    package var error: Duration

    package init(time: WallTime, readAt: MonotonicTime, error: Duration) {
      self.time = time
      self.readAt = readAt
      self.error = error
    }
  }

  package var rules: [Rules]
  /// `nil` where the venue does not say, or has not said it.
  package var pairs: Pairs?
  /// `nil` where it was not read under the present boot.
  package var clock: Clock?

  package init(rules: [Rules] = [], pairs: Pairs? = nil, clock: Clock? = nil) {
    self.rules = rules
    self.pairs = pairs
    self.clock = clock
  }

  /// A running daemon goes on with what it read last for as long as the exchange does not answer. A
  /// start does so for an hour: four times the time after which a running one asks again.
  package static let maximumAge: Duration = .seconds(3_600)
  /// A crystal that is off by 100 millionths drifts 60 ms in that time, far below the error with which
  /// orders are still sent.
  package static let maximumClockAge: Duration = .seconds(600)

  /// What is young enough. A reading of the future tells no age: the clock was set back since.
  package func usable(at now: Moment) -> VenueFacts {
    func isYoung(_ age: Duration, _ maximum: Duration = Self.maximumAge) -> Bool {
      age >= .zero && age <= maximum
    }
    return VenueFacts(
      rules: rules.filter { isYoung(now.wall.since($0.readAt)) },
      pairs: pairs.flatMap { isYoung(now.wall.since($0.readAt)) ? $0 : nil },
      clock: clock.flatMap { clock in
        isYoung(now.monotonic.since(clock.readAt), Self.maximumClockAge) ? clock : nil
      })
  }
}

// MARK: - As JSON

extension VenueFacts {
  /// Says what the members mean.
  private static let version: Int64 = 3

  /// `source` is where they were read, `boot` names the boot of the machine that the clock was read
  /// under; without it no clock is kept.
  package func json(from source: String, boot: String?) -> JSONValue {
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
      "clock": clock.flatMap { clock in boot.map { clock.json(boot: $0) } } ?? .null,
    ]
  }

  /// `nil` when it is of another source or version, or not all of it can be read. A clock that was read
  /// under another boot says nothing.
  package init?(_ json: JSONValue, from source: String, boot: String?) {
    guard json["version"]?.integerValue == Self.version, json["source"]?.stringValue == source,
      let rows = json["rules"]?.arrayValue, let pairs = json["pairs"], let clock = json["clock"]
    else { return nil }
    let rules = rows.compactMap(Rules.init)
    guard rules.count == rows.count else { return nil }
    self.init(rules: rules, pairs: pairs.isNull ? nil : Pairs(pairs))
    if !pairs.isNull, self.pairs == nil { return nil }
    guard !clock.isNull else { return }
    guard let reading = Clock(clock) else { return nil }
    if let boot, clock["boot"]?.stringValue == boot { self.clock = reading }
  }
}

extension VenueFacts.Clock {
  fileprivate func json(boot: String) -> JSONValue {
    [
      "boot": .string(boot), "time": .integer(time.milliseconds),
      "read_at_ns": .integer(readAt.nanoseconds), "error_ns": .integer(error.wholeNanoseconds),
    ]
  }

  fileprivate init?(_ json: JSONValue) {
    guard let time = json["time"]?.integerValue, let readAt = json["read_at_ns"]?.integerValue,
      let error = json["error_ns"]?.integerValue, error >= 0
    else { return nil }
    self.init(
      time: WallTime(milliseconds: time), readAt: MonotonicTime(nanoseconds: readAt),
      error: .nanoseconds(error))
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
