/// A binary frame of the exchange's streams: `PushDataV3ApiWrapper` of MEXC's websocket-proto.
struct StreamFrame: Hashable, Sendable {
  enum Body: Hashable, Sendable {
    case order(OrderBody)
    case deal(DealBody)
    case account(AccountBody)
    case bookTicker(BookTickerBody)
  }

  var channel: String
  var symbol: String?
  /// Milliseconds; only the account's frames have it.
  var createTime: Int64?
  var sendTime: Int64
  var body: Body

  /// The body's tag comes last, as the exchange writes it.
  var bytes: [UInt8] {
    var writer = ProtobufWriter()
    writer.text(1, channel)
    writer.optionalText(3, symbol)
    writer.optionalNumber(5, createTime)
    writer.optionalNumber(6, sendTime)
    switch body {
    case .order(let body): writer.message(304, body.bytes)
    case .deal(let body): writer.message(306, body.bytes)
    case .account(let body): writer.message(307, body.bytes)
    case .bookTicker(let body): writer.message(315, body.bytes)
    }
    return writer.bytes
  }
}

/// `PublicAggreBookTickerV3Api`.
struct BookTickerBody: Hashable, Sendable {
  var bidPrice: String
  var bidQuantity: String
  var askPrice: String
  var askQuantity: String
  var version: String
  var lastOrderCreateTime: Int64

  fileprivate var bytes: [UInt8] {
    var writer = ProtobufWriter()
    writer.text(1, bidPrice)
    writer.text(2, bidQuantity)
    writer.text(3, askPrice)
    writer.text(4, askQuantity)
    writer.text(5, version)
    writer.number(6, lastOrderCreateTime)
    return writer.bytes
  }
}

/// `PrivateOrdersV3Api`, without the fields of triggered orders.
struct OrderBody: Hashable, Sendable {
  var id: String
  var clientID: String
  var price: String
  var quantity: String
  var amount: String
  var averagePrice: String
  var orderType: Int64
  var tradeType: Int64
  var isMaker: Bool
  var remainAmount: String
  var remainQuantity: String
  /// `nil` before the first fill.
  var lastDealQuantity: String?
  var cumulativeQuantity: String
  var cumulativeAmount: String
  var status: Int64
  var createTime: Int64

  fileprivate var bytes: [UInt8] {
    var writer = ProtobufWriter()
    writer.text(1, id)
    writer.text(2, clientID)
    writer.text(3, price)
    writer.text(4, quantity)
    writer.text(5, amount)
    writer.text(6, averagePrice)
    writer.number(7, orderType)
    writer.number(8, tradeType)
    writer.flag(9, isMaker)
    writer.text(10, remainAmount)
    writer.text(11, remainQuantity)
    writer.optionalText(12, lastDealQuantity)
    writer.text(13, cumulativeQuantity)
    writer.text(14, cumulativeAmount)
    writer.number(15, status)
    writer.number(16, createTime)
    return writer.bytes
  }
}

/// `PrivateDealsV3Api`.
struct DealBody: Hashable, Sendable {
  var price: String
  var quantity: String
  var amount: String
  var tradeType: Int64
  var isMaker: Bool
  var isSelfTrade: Bool
  var tradeID: String
  var clientOrderID: String
  var orderID: String
  var feeAmount: String
  var feeCurrency: String
  var time: Int64

  fileprivate var bytes: [UInt8] {
    var writer = ProtobufWriter()
    writer.text(1, price)
    writer.text(2, quantity)
    writer.text(3, amount)
    writer.number(4, tradeType)
    writer.flag(5, isMaker)
    writer.flag(6, isSelfTrade)
    writer.text(7, tradeID)
    writer.text(8, clientOrderID)
    writer.text(9, orderID)
    writer.text(10, feeAmount)
    writer.text(11, feeCurrency)
    writer.number(12, time)
    return writer.bytes
  }
}

/// `PrivateAccountV3Api`.
struct AccountBody: Hashable, Sendable {
  var asset: String
  var coinID: String
  /// What is available.
  var balanceAmount: String
  var balanceAmountChange: String
  var frozenAmount: String
  var frozenAmountChange: String
  var changeType: String
  var time: Int64

  fileprivate var bytes: [UInt8] {
    var writer = ProtobufWriter()
    writer.text(1, asset)
    writer.text(2, coinID)
    writer.text(3, balanceAmount)
    writer.text(4, balanceAmountChange)
    writer.text(5, frozenAmount)
    writer.text(6, frozenAmountChange)
    writer.text(7, changeType)
    writer.number(8, time)
    return writer.bytes
  }
}
