import Domain
import JSON
import Matching

extension Listing {
  /// Why a text is no list of symbols.
  struct Flaw: Error, CustomStringConvertible {
    let description: String
  }

  /// The format, for `--help`.
  package static let format = """
    An array of objects, or an object with such an array as "symbols": a saved answer of
    /api/v3/exchangeInfo will do. The keys are the exchange's own (symbol, baseAsset and quoteAsset
    are required; status, baseAssetPrecision, quotePrecision, orderTypes, isSpotTradingAllowed,
    quoteAmountPrecision, quoteAmountPrecisionMarket, maxQuoteAmount, maxQuoteAmountMarket,
    baseSizePrecision, filters, makerCommission, takerCommission, tradeSideType, fullName are read),
    and "price" is where the walk begins. A symbol without a price has no market.
    """

  static func read(json text: [UInt8]) throws(Flaw) -> [Listing] {
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONReader.read(text, dialect: .json5, limits: .exchange)
    } catch {
      throw Flaw(description: "\(error)")
    }
    guard let elements = document.arrayValue ?? document["symbols"]?.arrayValue, !elements.isEmpty
    else { throw Flaw(description: "not an array of symbols") }
    var listings: [Listing] = []
    for (index, element) in elements.enumerated() {
      listings.append(try ListingReader(element, number: index + 1).listing())
    }
    return listings
  }
}

/// Reads one symbol object of the exchange.
private struct ListingReader {
  private let value: JSONValue
  private let number: Int

  init(_ value: JSONValue, number: Int) {
    self.value = value
    self.number = number
  }

  private func flaw(_ text: String) -> Listing.Flaw {
    Listing.Flaw(description: "symbol \(number): \(text)")
  }

  private func text(_ name: String) throws(Listing.Flaw) -> String {
    guard let text = value[name]?.stringValue else { throw flaw("\(name) is missing") }
    return text
  }

  /// From a text or a number; `nil` when absent.
  private func decimal(_ name: String) throws(Listing.Flaw) -> FixedDecimal? {
    guard let field = value[name], !field.isNull else { return nil }
    guard let text = field.stringValue ?? field.numberValue,
      let number = try? FixedDecimal(exchangeText: text), number >= .zero
    else { throw flaw("\(name) is not a decimal") }
    return number
  }

  private func step(_ name: String, default digits: Int) throws(Listing.Flaw) -> FixedDecimal {
    guard let field = value[name] else { return .scaled(1, digits: digits) }
    guard let digits = field.numberValue.flatMap({ Int($0) }),
      let step = FixedDecimal.powerOfTen(negative: digits)
    else { throw flaw("\(name) is not a number of digits") }
    return step
  }

  func listing() throws(Listing.Flaw) -> Listing {
    guard let symbol = Symbol(exchangeText: try text("symbol")) else {
      throw flaw("symbol is not 2–64 capital letters, digits and parentheses")
    }
    guard let status = Listing.Status(rawValue: value["status"]?.stringValue ?? "1") else {
      throw flaw("status is \"1\", \"2\" or \"3\"")
    }
    let isAPITradable = value["isSpotTradingAllowed"]?.boolValue ?? true
    let tick = try step("quotePrecision", default: 4)
    let size = try decimal("baseSizePrecision") ?? .zero
    let precision = try step("baseAssetPrecision", default: 2)
    let rules = Instrument(
      venue: Listing.venue, symbol: symbol, baseAsset: try text("baseAsset"),
      quoteAsset: try text("quoteAsset"),
      isTradable: status == .online && isAPITradable, sides: try sides(), types: try types(),
      tickSize: tick, stepSize: max(precision, size), quoteStep: tick,
      minimumQuantity: size.isPositive ? size : precision,
      minimumNotional: try decimal("quoteAmountPrecision") ?? FixedDecimal(1),
      minimumNotionalMarket: try decimal("quoteAmountPrecisionMarket") ?? FixedDecimal(1),
      maximumNotional: try decimal("maxQuoteAmount"),
      maximumNotionalMarket: try decimal("maxQuoteAmountMarket"), priceBand: try band())
    return Listing(
      rules: rules, status: status, isAPITradable: isAPITradable,
      startPrice: try decimal("price"), makerFee: try decimal("makerCommission") ?? .zero,
      takerFee: try decimal("takerCommission") ?? .scaled(5, digits: 4),
      fullName: value["fullName"]?.stringValue)
  }

  private func sides() throws(Listing.Flaw) -> Instrument.TradableSides {
    let field = value["tradeSideType"]
    switch field?.numberValue ?? field?.stringValue ?? "1" {
    case "1": return .both
    case "2": return .buyOnly
    case "3": return .sellOnly
    case "4": return .none
    default: throw flaw("tradeSideType is 1, 2, 3 or 4")
    }
  }

  /// The two immediate types are taken by every symbol and listed by none.
  private func types() throws(Listing.Flaw) -> Set<OrderType> {
    guard let names = value["orderTypes"]?.arrayValue else { return Set(OrderType.allCases) }
    var types: Set<OrderType> = [.immediateOrCancel, .fillOrKill]
    for name in names {
      guard let type = name.stringValue.flatMap({ Wire.orderType($0) }) else {
        throw flaw("orderTypes has an unknown type")
      }
      types.insert(type)
    }
    return types
  }

  private func band() throws(Listing.Flaw) -> Instrument.PriceBand? {
    let filters = value["filters"]?.arrayValue ?? []
    guard
      let filter = filters.first(where: {
        $0["filterType"]?.stringValue == "PERCENT_PRICE_BY_SIDE"
      })
    else { return nil }
    let reader = ListingReader(filter, number: number)
    guard let up = try reader.decimal("bidMultiplierUp"),
      let down = try reader.decimal("askMultiplierDown")
    else { throw flaw("PERCENT_PRICE_BY_SIDE without its multipliers") }
    return Instrument.PriceBand(buyUp: up, sellDown: down)
  }
}
