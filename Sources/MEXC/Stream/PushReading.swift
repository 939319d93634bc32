import Domain

// What the texts of a push mean. Amounts are texts that REST would print with other zeros at the end;
// as exact decimals they are the same.

extension TopOfBook {
  init(_ push: BookTickerPush, sentAt: WallTime?) throws(Undecodable) {
    self.init(
      bid: try positive("bid", push.bidPrice),
      bidQuantity: try positive("bid quantity", push.bidQuantity),
      ask: try positive("ask", push.askPrice),
      askQuantity: try positive("ask quantity", push.askQuantity), sentAt: sentAt)
    guard bid < ask else { throw Undecodable("the bid \(bid) is not below the ask \(ask)") }
  }
}

extension OrderReport {
  init(_ push: OrderPush, of symbol: Symbol) throws(Undecodable) {
    let status = try Status(pushed: push.status)
    // The same as of REST's rows: only an order that has just been made may leave its fills out.
    let executed =
      try status == .open
      ? decimal("cumulativeQuantity", push.cumulativeQuantity) ?? .zero
      : required("cumulativeQuantity", push.cumulativeQuantity)
    let executedQuote =
      try executed.isZero
      ? decimal("cumulativeAmount", push.cumulativeAmount) ?? .zero
      : required("cumulativeAmount", push.cumulativeAmount)
    guard executed >= .zero && executedQuote >= .zero else {
      throw Undecodable("a fill below zero")
    }
    self.init(
      orderID: try requiredOrderID(push.id),
      clientOrderID: try optionalName("the client order id", push.clientID),
      symbol: symbol, side: try Side(pushed: push.tradeType),
      type: OrderType(pushed: push.orderType), price: try decimal("price", push.price),
      quantity: try decimal("quantity", push.quantity), executedQuantity: executed,
      executedQuote: executedQuote, status: status)
  }
}

extension TradeReport {
  init(_ push: DealPush, of symbol: Symbol) throws(Undecodable) {
    self.init(
      tradeID: try requiredName("tradeId", push.tradeID),
      orderID: try requiredOrderID(push.orderID),
      clientOrderID: try optionalName("the client order id", push.clientOrderID), symbol: symbol,
      price: try positive("price", push.price), quantity: try positive("quantity", push.quantity))
  }
}

extension BalanceChange {
  init(_ push: AccountPush) throws(Undecodable) {
    let asset = try requiredName("vcoinName", push.asset)
    guard asset.unicodeScalars.count <= Self.assetMaximum else {
      throw Undecodable("vcoinName has more than \(Self.assetMaximum) characters")
    }
    self.init(
      asset: asset, available: try required("balanceAmount", push.balanceAmount),
      frozen: try required("frozenAmount", push.frozenAmount), reason: push.changeType)
  }
}

extension UnreadableRow {
  /// A client order id that the order has is in every push about it.
  init(_ orderID: String, named name: String, _ error: Undecodable) {
    self.init(
      orderID: restOrderID(orderID),
      name: holdsNUL(name) ? .unknown : name.isEmpty ? .none : .text(name), reason: error.reason)
  }
}

// MARK: - Numbers that stand for words

extension OrderReport.Status {
  /// 0 is what an absent number reads as: like a number that is not documented it means nothing, and
  /// nothing is concluded from it.
  fileprivate init(pushed number: Int32) throws(Undecodable) {
    switch number {
    case 1: self = .open
    case 2: self = .filled
    case 3: self = .partiallyFilled
    case 4: self = .canceled
    case 5: self = .partiallyCanceled
    default: throw Undecodable("the status \(number) is not documented")
    }
  }
}

extension Side {
  fileprivate init(pushed number: Int32) throws(Undecodable) {
    switch number {
    case 1: self = .buy
    case 2: self = .sell
    default: throw Undecodable("the side \(number) is not documented")
    }
  }
}

extension OrderType {
  /// `nil` for types that orders of ours never have: 100 and above are triggered orders.
  fileprivate init?(pushed number: Int32) {
    switch number {
    case 1: self = .limit
    case 2: self = .limitMaker
    case 3: self = .immediateOrCancel
    case 4: self = .fillOrKill
    case 5: self = .market
    default: return nil
    }
  }
}

// MARK: - Texts

/// A protobuf text may hold U+0000, JSON as it is read here may not: a name with one could be neither kept
/// nor shown as it came, and is no name that the exchange gives.
private func holdsNUL(_ text: String) -> Bool { text.utf8.contains(0) }

private func checkName(_ name: String, _ text: String) throws(Undecodable) {
  if holdsNUL(text) { throw Undecodable("\(name) holds a NUL character") }
}

private func requiredName(_ name: String, _ text: String) throws(Undecodable) -> String {
  guard !text.isEmpty else { throw Undecodable("\(name) is missing") }
  try checkName(name, text)
  return text
}

/// `nil` when absent.
private func optionalName(_ name: String, _ text: String) throws(Undecodable) -> String? {
  try checkName(name, text)
  return text.isEmpty ? nil : text
}

private func requiredOrderID(_ text: String) throws(Undecodable) -> String {
  guard !text.isEmpty else { throw Undecodable("the order id is missing") }
  guard let id = restOrderID(text) else {
    throw Undecodable("the order id \(text.prefix(scalars: 40)) is none that REST would print")
  }
  return id
}

/// The order's id as REST prints it; `nil` when that cannot be told.
///
/// MEXC's samples of the private streams print `C02__505979017439002624115`, REST's answers the same
/// form or 32 hexadecimal digits: such a text is the same in both. Anything else, like digits alone,
/// which REST printed in 2022 and which would also be left of an id without its prefix, could be
/// another spelling of an id that is known, and would then count as another order's. The client order
/// id says whose order it is.
private func restOrderID(_ text: String) -> String? {
  let bytes = Array(text.utf8)
  if bytes.count == 32 && bytes.allSatisfy(isHexadecimal) { return text }
  guard bytes.count > 5, bytes.count <= 64, bytes[0] == UInt8(ascii: "C"),
    isDigit(bytes[1]), isDigit(bytes[2]), bytes[3...4].allSatisfy({ $0 == UInt8(ascii: "_") }),
    bytes[5...].allSatisfy(isDigit)
  else { return nil }
  return text
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
}

/// `nil` when absent.
private func decimal(_ name: String, _ text: String) throws(Undecodable) -> FixedDecimal? {
  guard !text.isEmpty else { return nil }
  do throws(FixedDecimal.ParseError) {
    return try FixedDecimal(exchangeText: text)
  } catch {
    throw .unheld(name, text)
  }
}

private func required(_ name: String, _ text: String) throws(Undecodable) -> FixedDecimal {
  guard let value = try decimal(name, text) else { throw Undecodable("the \(name) is missing") }
  return value
}

private func positive(_ name: String, _ text: String) throws(Undecodable) -> FixedDecimal {
  let value = try required(name, text)
  guard value.isPositive else { throw Undecodable("the \(name) \(value) is not above 0") }
  return value
}
