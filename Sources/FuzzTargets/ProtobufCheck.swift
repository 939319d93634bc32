import Domain
import MEXC
import Platform

/// Frames of a stream: the input as a binary one, and as a text.
enum ProtobufCheck {
  /// A field that the wrapper does not have, as a number.
  private static let unknownField: [UInt8] = [0xF8, 0x07, 0x05]

  static func check(_ input: [UInt8]) throws(Broken) {
    try checkBinary(input)
    try checkText(input)
  }

  private static func checkBinary(_ input: [UInt8]) throws(Broken) {
    let message = read(input)
    try require(read(input) == message, "the same frame reads differently")
    if let message {
      try require(read(input + unknownField) == message, "an unknown field changes what is known")
      try require(read(unknownField + input) == message, "an unknown field changes what is known")
      try require(
        (message.body?.bytes.count ?? 0) + message.channel.utf8.count <= input.count,
        "more was read than came")
    }
    let event = StreamEvent(input)
    try require(StreamEvent(input) == event, "the same frame says different things")
    try check(event)
  }

  private static func read(_ frame: [UInt8]) -> PushMessage? { try? PushMessage(frame) }

  private static func check(_ event: StreamEvent) throws(Broken) {
    switch event {
    case .topOfBook(_, let top):
      try require(top.bid.isPositive && top.bid < top.ask, "a book that is no book")
      try require(
        top.bidQuantity.isPositive && top.askQuantity.isPositive, "a price that nobody offers")
    case .noPrice(_, let reason): try requireMessage(ByteText.printable(reason))
    case .order(let report): try ExchangeCheck.check(report)
    case .trade(let trade):
      try require(!trade.tradeID.isEmpty && !trade.orderID.isEmpty, "a trade without a name")
      try require(trade.price.isPositive && trade.quantity.isPositive, "a trade of nothing")
    case .unreadableOrder(_, let row): try requireMessage(ByteText.printable(row.reason))
    case .balance(let change): try require(!change.asset.isEmpty, "a balance of nothing")
    case .unreadableBalance(let asset, let reason):
      try require(
        asset.unicodeScalars.count <= BalanceChange.assetMaximum, "a long name of an asset")
      try requireMessage(ByteText.printable(reason))
    case .unreadable(let text): try requireMessage(ByteText.printable(text))
    }
  }

  private static func checkText(_ input: [UInt8]) throws(Broken) {
    let reply = StreamReply(input)
    try require(StreamReply(input) == reply, "the same text says different things")
    if case .unreadable(let text) = reply {
      try require(text.unicodeScalars.count <= 200, "a long text of the exchange")
    }
    let command = StreamCommand.subscribe([.privateOrders], id: 1)
    switch command.verdict(of: reply) {
    case .refused(let text):
      try require(text.unicodeScalars.count <= 500, "a long text of the exchange")
    case .accepted:
      guard case .acknowledgement(_, 0, let text) = reply else {
        throw Broken("accepted without an acknowledgement")
      }
      try require(text.contains("spot@private.orders.v3.api.pb"), "accepted without its name")
    case nil: break
    }
  }
}
