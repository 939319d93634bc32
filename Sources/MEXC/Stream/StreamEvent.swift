package import Domain
package import Transport

/// What a pushed frame says, in the domain's words.
package enum StreamEvent: Hashable, Sendable {
  case topOfBook(Symbol, TopOfBook)
  /// The symbol's book was pushed, and has nothing that an order could be judged by.
  case noPrice(Symbol, reason: String)
  case order(OrderReport)
  /// The trade's id is the stream's own: REST names the same fill otherwise, and the two are never
  /// to be compared.
  case trade(TradeReport)
  /// Something happened to an order of this symbol that the push does not tell in full. Nothing is
  /// concluded from it; a look at the order tells.
  case unreadableOrder(Symbol, UnreadableRow)
  case balance(BalanceChange)
  /// What the account holds of this asset has changed, and cannot be read. It says nothing of orders.
  case unreadableBalance(asset: String, reason: String)
  /// Nothing is known from it. The text says why, bounded.
  case unreadable(String)

  /// Reads a binary frame. What opened the stream is kept out of every text that is shown.
  package init(_ frame: [UInt8], hiding echo: QueryEcho = QueryEcho(target: "")) {
    do throws(ProtobufError) {
      self = try Self.event(of: try PushMessage(frame)).hiding(echo)
    } catch {
      self = .unreadable("a frame of \(frame.count) bytes that cannot be read: \(error)")
    }
  }

  private func hiding(_ echo: QueryEcho) -> StreamEvent {
    switch self {
    case .unreadable(let reason): return .unreadable(echo.hiding(reason))
    case .unreadableOrder(let symbol, var row):
      row.reason = echo.hiding(row.reason)
      return .unreadableOrder(symbol, row)
    case .balance(let change) where echo.isRepeated(in: change.asset):
      return .unreadableBalance(asset: echo.hiding(change.asset), reason: "vcoinName is no name")
    case .unreadableBalance(let asset, let reason):
      return .unreadableBalance(asset: echo.hiding(asset), reason: echo.hiding(reason))
    case .topOfBook, .noPrice, .order, .trade, .balance: return self
    }
  }

  private static func event(of message: PushMessage) throws(ProtobufError) -> StreamEvent {
    guard let channel = StreamChannel(text: message.channel) else {
      return .unreadable("a push of a channel that nobody asked for: \(shown(message.channel))")
    }
    guard let body = message.body else {
      return .unreadable("a push of \(channel.text) without a body")
    }
    // A body on another channel's frame is one that is not understood.
    switch (channel, body.number) {
    case (.bookTicker(let symbol, _), BookTickerPush.number):
      guard message.symbol == nil || message.symbol == symbol.text else {
        return .unreadable("a push of \(channel.text) that is about another symbol")
      }
      return price(of: symbol, try BookTickerPush(body.bytes), sent: message.sendTime)
    case (.privateOrders, OrderPush.number):
      return order(try OrderPush(body.bytes), message)
    case (.privateDeals, DealPush.number):
      return trade(try DealPush(body.bytes), message)
    case (.privateAccount, AccountPush.number):
      return balance(try AccountPush(body.bytes))
    case (.bookTicker, _), (.privateOrders, _), (.privateDeals, _), (.privateAccount, _):
      return .unreadable("a push of \(channel.text) with the body \(body.number)")
    }
  }

  private static func price(
    of symbol: Symbol, _ push: BookTickerPush, sent milliseconds: Int64?
  ) -> StreamEvent {
    do throws(Undecodable) {
      let sentAt = milliseconds.map { WallTime(milliseconds: $0) }
      return .topOfBook(symbol, try TopOfBook(push, sentAt: sentAt))
    } catch {
      return .noPrice(symbol, reason: error.reason)
    }
  }

  private static func order(_ push: OrderPush, _ message: PushMessage) -> StreamEvent {
    guard let symbol = message.symbol.flatMap(Symbol.init(exchangeText:)) else {
      return .unreadable("an order without a symbol")
    }
    do throws(Undecodable) {
      return .order(try OrderReport(push, of: symbol))
    } catch {
      let row = UnreadableRow(push.id, named: push.clientID, error)
      return .unreadableOrder(symbol, row)
    }
  }

  private static func trade(_ push: DealPush, _ message: PushMessage) -> StreamEvent {
    guard let symbol = message.symbol.flatMap(Symbol.init(exchangeText:)) else {
      return .unreadable("a trade without a symbol")
    }
    do throws(Undecodable) {
      return .trade(try TradeReport(push, of: symbol))
    } catch {
      let row = UnreadableRow(push.orderID, named: push.clientOrderID, error)
      return .unreadableOrder(symbol, row)
    }
  }

  private static func balance(_ push: AccountPush) -> StreamEvent {
    do throws(Undecodable) {
      return .balance(try BalanceChange(push))
    } catch {
      return .unreadableBalance(
        asset: push.asset.prefix(scalars: BalanceChange.assetMaximum), reason: error.reason)
    }
  }

  private static func shown(_ text: String) -> String {
    text.isEmpty ? "(none)" : text.prefix(scalars: 100)
  }
}

/// The best bid and the best ask of a book, with what is offered at them; all above 0, the bid below
/// the ask.
package struct TopOfBook: Hashable, Sendable {
  package var bid: FixedDecimal
  package var bidQuantity: FixedDecimal
  package var ask: FixedDecimal
  package var askQuantity: FixedDecimal
  /// The exchange's clock. An unchanged book is pushed again, so that this, and not when its last
  /// order came, is how old it is.
  package var sentAt: WallTime?

  package init(
    bid: FixedDecimal, bidQuantity: FixedDecimal, ask: FixedDecimal, askQuantity: FixedDecimal,
    sentAt: WallTime?
  ) {
    self.bid = bid
    self.bidQuantity = bidQuantity
    self.ask = ask
    self.askQuantity = askQuantity
    self.sentAt = sentAt
  }
}

/// What the account holds of one asset after a change.
package struct BalanceChange: Hashable, Sendable {
  /// Characters of an asset's name. MEXC's have a few; more than this is something else.
  package static let assetMaximum = 64

  package var asset: String
  package var available: FixedDecimal
  package var frozen: FixedDecimal
  /// The exchange's word for what changed it: `ENTRUST_PLACE`, `TRADE_FEE`, `DEPOSIT`… The list is not
  /// closed.
  package var reason: String

  package init(asset: String, available: FixedDecimal, frozen: FixedDecimal, reason: String) {
    self.asset = asset
    self.available = available
    self.frozen = frozen
    self.reason = reason
  }
}
