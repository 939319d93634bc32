import Domain
import JSON

/// Reads a symbol's rules from exchangeInfo. Several of its names mislead: `quoteAmountPrecision` is
/// the smallest notional, `baseSizePrecision` the smallest quantity.
enum InstrumentReader {
  /// The rules of the wanted symbols, of all when none is named. A row that cannot be read stands for
  /// itself alone; of several rows of one symbol the first that can be read counts. What names none of
  /// the wanted symbols says that they are not listed only where all of it can be read.
  static func answer(in body: JSONValue, wanted: [Symbol]) throws(Undecodable) -> ExchangeAnswer {
    guard let rows = body["symbols"]?.arrayValue else { throw Undecodable("symbols is no array") }
    let wanted = Set(wanted)
    var instruments: [Symbol: Instrument] = [:]
    var reasons: [Symbol: String] = [:]
    for row in rows {
      guard let symbol = row.text("symbol").flatMap(Symbol.init(exchangeText:)),
        wanted.isEmpty || wanted.contains(symbol), instruments[symbol] == nil
      else { continue }
      do throws(Undecodable) {
        instruments[symbol] = try instrument(row, symbol)
        reasons[symbol] = nil
      } catch {
        reasons[symbol] = error.reason
      }
    }
    if instruments.isEmpty, reasons.isEmpty, rows.contains(where: { $0.text("symbol") == nil }) {
      for symbol in wanted { reasons[symbol] = "a row of the list of symbols names none" }
    }
    return .instruments(
      instruments.values.sorted { $0.symbol < $1.symbol },
      unreadable: reasons.map { UnreadableRules(symbol: $0.key, reason: $0.value) }
        .sorted { $0.symbol < $1.symbol })
  }

  private static func instrument(
    _ row: JSONValue, _ symbol: Symbol
  ) throws(Undecodable) -> Instrument {
    let base = try asset("baseAsset", in: row)
    let quote = try asset("quoteAsset", in: row)
    let tick = try priceUnit(row)
    let step = try quantityStep(row)
    let minimumNotional = try row.decimal("quoteAmountPrecision") ?? .zero
    return Instrument(
      venue: MEXCSpot.spotTraits.name, symbol: symbol, baseAsset: base, quoteAsset: quote,
      isTradable: try isOpen(row),
      sides: sides(row), types: types(row), tickSize: tick, stepSize: step, quoteStep: tick,
      minimumQuantity: step, minimumNotional: minimumNotional,
      minimumNotionalMarket: try row.decimal("quoteAmountPrecisionMarket") ?? minimumNotional,
      maximumNotional: try maximum("maxQuoteAmount", in: row),
      maximumNotionalMarket: try maximum("maxQuoteAmountMarket", in: row),
      priceBand: try priceBand(row))
  }

  private static func asset(_ name: String, in row: JSONValue) throws(Undecodable) -> String {
    guard let asset = row.text(name) else { throw Undecodable("\(name) is missing") }
    return asset
  }

  /// What a quantity is a multiple of, in both fields.
  private static func quantityStep(_ row: JSONValue) throws(Undecodable) -> FixedDecimal {
    let unit = try unit("baseAssetPrecision", in: row)
    let smallest = try row.decimal("baseSizePrecision") ?? .zero
    guard smallest <= unit || smallest.isMultiple(of: unit) else {
      throw Undecodable(
        "baseSizePrecision is \(smallest), which is no multiple of \(unit), the unit that "
          + "baseAssetPrecision gives")
    }
    return max(unit, smallest)
  }

  /// 10⁻ᵈⁱᵍⁱᵗˢ.
  private static func unit(_ name: String, in row: JSONValue) throws(Undecodable) -> FixedDecimal {
    guard let text = row.scalarText(name) else { throw Undecodable("\(name) is missing") }
    guard let unit = Int(text).flatMap(FixedDecimal.powerOfTen(negative:)) else {
      throw Undecodable(
        "\(name) is \(text.prefix(scalars: 40)), not a number of digits from 0 to "
          + "\(FixedDecimal.fractionDigits)")
    }
    return unit
  }

  /// The status alone proves nothing: almost every symbol has "1", whether or not it can be traded
  /// over the API. It was the word "ENABLED" before 2024-08-16.
  private static func isOpen(_ row: JSONValue) throws(Undecodable) -> Bool {
    guard let status = row.scalarText("status") else {
      throw Undecodable("status is neither a text nor a number")
    }
    guard let isAllowed = row["isSpotTradingAllowed"]?.boolValue else {
      throw Undecodable("isSpotTradingAllowed is neither true nor false")
    }
    return isAllowed && (status == "1" || status == "ENABLED")
  }

  /// Both fields give the decimals of a price. Where they differ, neither can be trusted.
  private static func priceUnit(_ row: JSONValue) throws(Undecodable) -> FixedDecimal {
    let tick = try unit("quotePrecision", in: row)
    guard let other = row.scalarText("quoteAssetPrecision") else { return tick }
    guard try unit("quoteAssetPrecision", in: row) == tick else {
      throw Undecodable(
        "quotePrecision is \(row.scalarText("quotePrecision") ?? "missing"), and quoteAssetPrecision "
          + "is \(other); both are the decimals of a price, and must be the same")
    }
    return tick
  }

  /// `nil` when there is none, and when it is beyond everything that an order can be worth here.
  private static func maximum(
    _ name: String, in row: JSONValue
  ) throws(Undecodable) -> FixedDecimal? {
    guard let value = try limit(name, in: row), value.isPositive, value != .largest else {
      return nil
    }
    return value
  }

  /// A number that only ever bounds from above: what is too large to be held bounds nothing.
  private static func limit(
    _ name: String, in row: JSONValue
  ) throws(Undecodable) -> FixedDecimal? {
    guard let text = row.scalarText(name) else { return nil }
    do throws(FixedDecimal.ParseError) {
      return try FixedDecimal(exchangeText: text)
    } catch .tooLarge {
      return text.hasPrefix("-") ? nil : .largest
    } catch {
      throw .unheld(name, text)
    }
  }

  /// A string in the documentation, a number in practice; absent in answers from before 2024-08-16.
  private static func sides(_ row: JSONValue) -> Instrument.TradableSides {
    switch row.scalarText("tradeSideType") {
    case nil, "1": .both
    case "2": .buyOnly
    case "3": .sellOnly
    default: .none
    }
  }

  /// Immediate-or-cancel and fill-or-kill are never listed and are taken wherever limit orders are.
  private static func types(_ row: JSONValue) -> Set<OrderType> {
    let words = row["orderTypes"]?.arrayValue?.compactMap(\.stringValue) ?? []
    var types = Set(words.compactMap(OrderType.init(exchangeWord:)))
    if types.contains(.limit) { types.formUnion([.immediateOrCancel, .fillOrKill]) }
    return types
  }

  /// The multipliers are distances from the last price; read as factors, as the documentation has
  /// it, they would forbid every order.
  private static func priceBand(_ row: JSONValue) throws(Undecodable) -> Instrument.PriceBand? {
    let filter = row["filters"]?.arrayValue?.first {
      $0.text("filterType") == "PERCENT_PRICE_BY_SIDE"
    }
    guard let filter, let up = try limit("bidMultiplierUp", in: filter),
      let down = try limit("askMultiplierDown", in: filter), up.isPositive, down.isPositive
    else { return nil }
    return Instrument.PriceBand(buyUp: up, sellDown: down)
  }
}
