import Domain
import JSON
import Matching

/// The shapes of the exchange's answers, field for field as clients see them.
enum Wire {
  static func number(_ value: FixedDecimal) -> JSONValue { .string(value.description) }

  static func side(_ side: Side) -> String {
    switch side {
    case .buy: "BUY"
    case .sell: "SELL"
    }
  }

  static func type(_ type: OrderType) -> String {
    switch type {
    case .limit: "LIMIT"
    case .market: "MARKET"
    case .limitMaker: "LIMIT_MAKER"
    case .immediateOrCancel: "IMMEDIATE_OR_CANCEL"
    case .fillOrKill: "FILL_OR_KILL"
    }
  }

  /// `LIMIT_ORDER` is how the documentation of the batch request spells it.
  static func orderType(_ text: String) -> OrderType? {
    text == "LIMIT_ORDER" ? .limit : OrderType.allCases.first { type($0) == text }
  }

  /// The answer to a placement: an acknowledgement without status or fills.
  static func acknowledgement(_ order: SimulatedOrder) -> JSONValue {
    [
      "symbol": .string(order.symbol.text), "orderId": .string(order.orderID),
      "orderListId": -1, "price": number(order.price), "origQty": number(order.quantity),
      "type": .string(type(order.type)), "side": .string(side(order.side)), "stpMode": "",
      "transactTime": .integer(order.acceptedAt.milliseconds),
    ]
  }

  static func order(_ order: SimulatedOrder) -> JSONValue {
    let client = order.clientOrderID.map { JSONValue.string($0) } ?? .null
    return [
      "symbol": .string(order.symbol.text), "orderId": .string(order.orderID),
      "orderListId": -1, "clientOrderId": client, "price": number(order.price),
      "origQty": number(order.quantity), "executedQty": number(order.executedQuantity),
      "cummulativeQuoteQty": number(order.executedQuote),
      "status": .string(order.status.rawValue), "timeInForce": nil,
      "type": .string(type(order.type)), "side": .string(side(order.side)), "stopPrice": nil,
      "icebergQty": nil, "time": .integer(order.acceptedAt.milliseconds),
      "updateTime": .integer(order.updatedAt.milliseconds),
      "isWorking": .bool(order.status.isOpen), "stpMode": "",
      "origQuoteOrderQty": order.quoteAmount.map { number($0) } ?? .null,
    ]
  }

  /// The three shapes in which a successful cancel has been seen.
  enum CancelShape: CaseIterable {
    case documented, reduced, staleStatus

    static func drawn(by variety: inout SplitMix64) -> CancelShape {
      allCases[variety.below(allCases.count)]
    }
  }

  static func cancel(_ order: SimulatedOrder, _ shape: CancelShape) -> JSONValue {
    var fields: [(String, JSONValue)] = [("symbol", .string(order.symbol.text))]
    if let client = order.clientOrderID { fields.append(("origClientOrderId", .string(client))) }
    fields.append(("orderId", .string(order.orderID)))
    fields.append(("price", number(order.price)))
    fields.append(("origQty", number(order.quantity)))
    fields.append(("type", .string(type(order.type))))
    fields.append(("side", .string(side(order.side))))
    switch shape {
    case .reduced: break
    case .documented, .staleStatus:
      let isStale = shape == .staleStatus
      fields.append(("clientOrderId", order.clientOrderID.map { .string($0) } ?? .null))
      fields.append(("executedQty", isStale ? "0" : number(order.executedQuantity)))
      fields.append(("cummulativeQuoteQty", isStale ? "0" : number(order.executedQuote)))
      fields.append(("status", isStale ? "NEW" : .string(order.status.rawValue)))
      fields.append(("timeInForce", nil))
    }
    return .object(pairs: fields)
  }

  static func trade(_ trade: SimulatedTrade, of order: SimulatedOrder, fee: String) -> JSONValue {
    [
      "symbol": .string(order.symbol.text), "id": .string(trade.tradeID),
      "orderId": .string(order.orderID), "orderListId": -1, "price": number(trade.price),
      "qty": number(trade.quantity), "quoteQty": number(trade.quote),
      "commission": number(trade.fee), "commissionAsset": .string(fee),
      "time": .integer(trade.time.milliseconds), "isBuyer": .bool(order.side == .buy),
      "isMaker": .bool(trade.isMaker), "isBestMatch": true, "isSelfTrade": false,
      "clientOrderId": order.clientOrderID.map { .string($0) } ?? .null,
    ]
  }

  static func symbol(_ listing: Listing) -> JSONValue {
    let rules = listing.rules
    let listed: [OrderType] = [.limit, .market, .limitMaker].filter { rules.types.contains($0) }
    let priceDigits = JSONValue.integer(rules.tickSize.fractionDigitsNeeded)
    let quantityDigits = JSONValue.integer(rules.stepSize.fractionDigitsNeeded)
    var filters: [JSONValue] = []
    if let band = rules.priceBand {
      filters.append([
        "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": number(band.buyUp),
        "askMultiplierDown": number(band.sellDown),
      ])
    }
    return [
      "symbol": .string(listing.symbol.text), "status": .string(listing.status.rawValue),
      "baseAsset": .string(rules.baseAsset), "baseAssetPrecision": quantityDigits,
      "quoteAsset": .string(rules.quoteAsset), "quotePrecision": priceDigits,
      "quoteAssetPrecision": priceDigits, "baseCommissionPrecision": quantityDigits,
      "quoteCommissionPrecision": priceDigits,
      "orderTypes": .array(listed.map { .string(type($0)) }),
      "isSpotTradingAllowed": .bool(listing.isAPITradable), "isMarginTradingAllowed": false,
      "quoteAmountPrecision": number(rules.minimumNotional),
      "baseSizePrecision": number(rules.minimumQuantity), "permissions": ["SPOT"],
      "filters": .array(filters),
      "maxQuoteAmount": number(rules.maximumNotional ?? SpotExchange.priceMaximum),
      "makerCommission": number(listing.makerFee), "takerCommission": number(listing.takerFee),
      "quoteAmountPrecisionMarket": number(rules.minimumNotionalMarket),
      "maxQuoteAmountMarket": number(rules.maximumNotionalMarket ?? SpotExchange.priceMaximum),
      "fullName": .string(listing.fullName), "tradeSideType": tradeSideType(rules.sides),
      "contractAddress": "", "conceptPlateIds": [], "conceptPlates": [], "st": false,
      "firstOpenTime": 1_577_836_800_000,
    ]
  }

  private static func tradeSideType(_ sides: Instrument.TradableSides) -> JSONValue {
    switch sides {
    case .both: 1
    case .buyOnly: 2
    case .sellOnly: 3
    case .none: 4
    }
  }

  /// Success is 200 in the documentation and 0 on the wire; a client has to take both.
  static func wrapped(
    _ data: JSONValue?, at now: WallTime, by variety: inout SplitMix64
  ) -> JSONValue {
    var fields: [(String, JSONValue)] = []
    if let data { fields.append(("data", data)) }
    fields.append(("code", variety.chance(1, in: 2) ? 0 : 200))
    fields.append(("msg", "success"))
    fields.append(("timestamp", .integer(now.milliseconds)))
    return .object(pairs: fields)
  }

  /// The order of its members varies, as at the exchange.
  static func refusal(_ refusal: Refusal, by variety: inout SplitMix64) -> JSONValue {
    var fields: [(String, JSONValue)] = [
      ("code", .integer(refusal.code)), ("msg", .string(refusal.text)),
    ]
    if variety.chance(1, in: 3) { fields.reverse() }
    if refusal.code == -2013 && variety.chance(1, in: 2) { fields.append(("_extend", nil)) }
    return .object(pairs: fields)
  }

  /// The same answer about another order and another symbol.
  static func misquoted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): .array(elements.map(misquoted))
    case .object(let members):
      .object(
        members.map { member in
          guard let text = member.value.stringValue else { return member }
          let value: JSONValue =
            switch member.name {
            case "symbol": "WRONGUSDT"
            case "orderId": .string("9" + text.dropFirst())
            case "clientOrderId", "origClientOrderId": "somebody-elses"
            default: member.value
            }
          return JSONMember(name: member.name, value: value)
        })
    case .null, .bool, .number, .string: value
    }
  }
}
