import Domain
import Matching

// Frames about what happens at the simulated exchange.

extension StreamFrame {
  static func bookTicker(
    _ symbol: Symbol, _ book: BookFeed.Book, milliseconds: Int, at now: WallTime
  ) -> StreamFrame {
    let body = BookTickerBody(
      bidPrice: book.bid.description, bidQuantity: book.quantity.description,
      askPrice: book.ask.description, askQuantity: book.quantity.description,
      version: String(book.version), lastOrderCreateTime: book.changedAt.milliseconds)
    return StreamFrame(
      channel: PushChannel.bookTicker(symbol, milliseconds: milliseconds).text,
      symbol: symbol.text, sendTime: now.milliseconds, body: .bookTicker(body))
  }

  /// The order as it is, after `fill` where one has just changed it. Its id is the text that REST
  /// prints: MEXC's sample of this channel has the form `C02__` and digits, which is REST's, and no
  /// source shows another one for an order.
  static func order(
    _ order: SimulatedOrder, after fill: SimulatedTrade?, at now: WallTime
  ) -> StreamFrame {
    StreamFrame(
      channel: PushChannel.orders.text, symbol: order.symbol.text, sendTime: now.milliseconds,
      body: .order(OrderBody(order, after: fill)))
  }

  /// `number` counts the fills of the exchange. REST gives the same fill another id.
  static func deal(
    _ trade: SimulatedTrade, number: Int, of order: SimulatedOrder, fee asset: String,
    at now: WallTime
  ) -> StreamFrame {
    let body = DealBody(
      price: trade.price.description, quantity: trade.quantity.description,
      amount: trade.quote.description, tradeType: order.side.pushedNumber,
      isMaker: trade.isMaker, isSelfTrade: false, tradeID: "\(505_979_017_439_000_000 + number)X1",
      clientOrderID: order.clientOrderID ?? "", orderID: order.orderID,
      feeAmount: trade.fee.description, feeCurrency: asset, time: trade.time.milliseconds)
    return StreamFrame(
      channel: PushChannel.deals.text, symbol: order.symbol.text, sendTime: now.milliseconds,
      body: .deal(body))
  }

  /// What is held of an asset, and was before. `reason` is the exchange's word for the change.
  static func account(
    _ asset: String, from former: Wallet.Holding, to held: Wallet.Holding, reason: String,
    at now: WallTime
  ) -> StreamFrame {
    func change(_ former: FixedDecimal, _ held: FixedDecimal) -> String {
      (held.subtracting(former) ?? .zero).description
    }
    let body = AccountBody(
      asset: asset, coinID: "", balanceAmount: held.free.description,
      balanceAmountChange: change(former.free, held.free), frozenAmount: held.locked.description,
      frozenAmountChange: change(former.locked, held.locked), changeType: reason,
      time: now.milliseconds)
    return StreamFrame(
      channel: PushChannel.account.text, createTime: now.milliseconds, sendTime: now.milliseconds,
      body: .account(body))
  }
}

extension OrderBody {
  fileprivate init(_ order: SimulatedOrder, after fill: SimulatedTrade?) {
    // A market order has no amount: MEXC's own sample prints 0.
    let amount =
      order.type == .market
      ? .zero : order.price.multiplied(by: order.quantity, rounding: .down) ?? .zero
    let remaining = amount.subtracting(order.executedQuote) ?? .zero
    let average = order.executedQuote.divided(by: order.executedQuantity, rounding: .down)
    self.init(
      id: order.orderID, clientID: order.clientOrderID ?? "", price: order.price.description,
      quantity: order.quantity.description, amount: amount.description,
      averagePrice: (average ?? .zero).description, orderType: order.type.pushedNumber,
      tradeType: order.side.pushedNumber, isMaker: fill?.isMaker ?? false,
      remainAmount: max(.zero, remaining).description,
      remainQuantity: order.remaining.description, lastDealQuantity: fill?.quantity.description,
      cumulativeQuantity: order.executedQuantity.description,
      cumulativeAmount: order.executedQuote.description, status: order.status.pushedNumber,
      createTime: order.acceptedAt.milliseconds)
  }
}

// MARK: - Numbers that stand for words

extension Side {
  fileprivate var pushedNumber: Int64 {
    switch self {
    case .buy: 1
    case .sell: 2
    }
  }
}

extension OrderType {
  fileprivate var pushedNumber: Int64 {
    switch self {
    case .limit: 1
    case .limitMaker: 2
    case .immediateOrCancel: 3
    case .fillOrKill: 4
    case .market: 5
    }
  }
}

extension SimulatedOrder.Status {
  fileprivate var pushedNumber: Int64 {
    switch self {
    case .new: 1
    case .filled: 2
    case .partiallyFilled: 3
    case .canceled: 4
    case .partiallyCanceled: 5
    }
  }
}
