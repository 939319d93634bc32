import JSON
import MEXC

/// What MEXC's websocket-proto says of a message (tag 7b8ac7a): enough to name every value of every
/// body, also of those that the product has no use for.
struct ProtobufSchema {
  indirect enum Kind {
    case text, int32, int64, bool
    case optionalText, optionalInt32
    case list(ProtobufSchema)
  }

  let fields: [(number: Int, name: String, kind: Kind)]

  init(_ fields: (Int, String, Kind)...) {
    self.fields = fields
  }

  /// Every field by its name; an absent optional one is null.
  func read(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> JSONValue {
    var values: [JSONValue] = fields.map(\.kind.absent)
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      guard let place = fields.firstIndex(where: { $0.number == field.number }) else { continue }
      switch fields[place].kind {
      case .text, .optionalText: values[place] = try field.text.map { .string($0) } ?? values[place]
      case .int32, .optionalInt32: values[place] = field.int32.map { .integer($0) } ?? values[place]
      case .int64: values[place] = field.int64.map { .integer($0) } ?? values[place]
      case .bool: values[place] = field.bool.map { .bool($0) } ?? values[place]
      case .list(let schema):
        guard let bytes = field.bytes else { continue }
        values[place] = .array((values[place].arrayValue ?? []) + [try schema.read(bytes)])
      }
    }
    return .object(pairs: zip(fields, values).map { ($0.name, $1) })
  }
}

extension ProtobufSchema.Kind {
  fileprivate var absent: JSONValue {
    switch self {
    case .text: ""
    case .int32, .int64: 0
    case .bool: false
    case .optionalText, .optionalInt32: nil
    case .list: []
    }
  }
}

extension ProtobufSchema {
  static let bodies: [Int: (name: String, schema: ProtobufSchema)] = [
    301: ("publicDeals", deals(of: deal)),
    302: ("publicIncreaseDepths", increaseDepths),
    303: (
      "publicLimitDepths",
      ProtobufSchema(
        (1, "asks", .list(level)), (2, "bids", .list(level)), (3, "eventType", .text),
        (4, "version", .text), (5, "lastOrderCreateTime", .int64))
    ),
    304: ("privateOrders", privateOrders),
    305: ("publicBookTicker", bookTicker),
    306: (
      "privateDeals",
      ProtobufSchema(
        (1, "price", .text), (2, "quantity", .text), (3, "amount", .text),
        (4, "tradeType", .int32), (5, "isMaker", .bool), (6, "isSelfTrade", .bool),
        (7, "tradeId", .text), (8, "clientOrderId", .text), (9, "orderId", .text),
        (10, "feeAmount", .text), (11, "feeCurrency", .text), (12, "time", .int64))
    ),
    307: (
      "privateAccount",
      ProtobufSchema(
        (1, "vcoinName", .text), (2, "coinId", .text), (3, "balanceAmount", .text),
        (4, "balanceAmountChange", .text), (5, "frozenAmount", .text),
        (6, "frozenAmountChange", .text), (7, "type", .text), (8, "time", .int64))
    ),
    308: (
      "publicSpotKline",
      ProtobufSchema(
        (1, "interval", .text), (2, "windowStart", .int64), (3, "openingPrice", .text),
        (4, "closingPrice", .text), (5, "highestPrice", .text), (6, "lowestPrice", .text),
        (7, "volume", .text), (8, "amount", .text), (9, "windowEnd", .int64))
    ),
    309: ("publicMiniTicker", miniTicker),
    310: ("publicMiniTickers", ProtobufSchema((1, "items", .list(miniTicker)))),
    311: (
      "publicBookTickerBatch",
      ProtobufSchema(
        (1, "items", .list(bookTicker)), (2, "version", .text), (3, "lastOrderCreateTime", .int64))
    ),
    312: (
      "publicIncreaseDepthsBatch",
      ProtobufSchema((1, "items", .list(increaseDepths)), (2, "eventType", .text))
    ),
    313: (
      "publicAggreDepths",
      ProtobufSchema(
        (1, "asks", .list(level)), (2, "bids", .list(level)), (3, "eventType", .text),
        (4, "fromVersion", .text), (5, "toVersion", .text), (6, "lastOrderCreateTime", .int64))
    ),
    314: ("publicAggreDeals", deals(of: aggregateDeal)),
    315: (
      "publicAggreBookTicker",
      ProtobufSchema(
        (1, "bidPrice", .text), (2, "bidQuantity", .text), (3, "askPrice", .text),
        (4, "askQuantity", .text), (5, "version", .text), (6, "lastOrderCreateTime", .int64))
    ),
  ]

  private static let level = ProtobufSchema((1, "price", .text), (2, "quantity", .text))

  private static let bookTicker = ProtobufSchema(
    (1, "bidPrice", .text), (2, "bidQuantity", .text), (3, "askPrice", .text),
    (4, "askQuantity", .text))

  private static let deal = ProtobufSchema(
    (1, "price", .text), (2, "quantity", .text), (3, "tradeType", .int32), (4, "time", .int64))

  private static let aggregateDeal = ProtobufSchema(
    (1, "price", .text), (2, "quantity", .text), (3, "tradeType", .int32), (4, "time", .int64),
    (5, "tradeId", .text))

  private static func deals(of item: ProtobufSchema) -> ProtobufSchema {
    ProtobufSchema((1, "deals", .list(item)), (2, "eventType", .text))
  }

  private static let increaseDepths = ProtobufSchema(
    (1, "asks", .list(level)), (2, "bids", .list(level)), (3, "eventType", .text),
    (4, "version", .text))

  private static let miniTicker = ProtobufSchema(
    (1, "symbol", .text), (2, "price", .text), (3, "rate", .text), (4, "zonedRate", .text),
    (5, "high", .text), (6, "low", .text), (7, "volume", .text), (8, "quantity", .text),
    (9, "lastCloseRate", .text), (10, "lastCloseZonedRate", .text), (11, "lastCloseHigh", .text),
    (12, "lastCloseLow", .text))

  private static let privateOrders = ProtobufSchema(
    (1, "id", .text), (2, "clientId", .text), (3, "price", .text), (4, "quantity", .text),
    (5, "amount", .text), (6, "avgPrice", .text), (7, "orderType", .int32),
    (8, "tradeType", .int32), (9, "isMaker", .bool), (10, "remainAmount", .text),
    (11, "remainQuantity", .text), (12, "lastDealQuantity", .optionalText),
    (13, "cumulativeQuantity", .text), (14, "cumulativeAmount", .text), (15, "status", .int32),
    (16, "createTime", .int64), (17, "market", .optionalText), (18, "triggerType", .optionalInt32),
    (19, "triggerPrice", .optionalText), (20, "state", .optionalInt32),
    (21, "ocoId", .optionalText), (22, "routeFactor", .optionalText),
    (23, "symbolId", .optionalText), (24, "marketId", .optionalText),
    (25, "marketCurrencyId", .optionalText), (26, "currencyId", .optionalText))
}
