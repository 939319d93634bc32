// The bodies that the daemon reads, with the fields that it reads of them, as texts: MEXC's
// websocket-proto. An absent text is "", an absent number 0 (proto3).

/// `PublicAggreBookTickerV3Api`.
package struct BookTickerPush: Hashable, Sendable {
  package static let number = 315

  package private(set) var bidPrice = ""
  package private(set) var bidQuantity = ""
  package private(set) var askPrice = ""
  package private(set) var askQuantity = ""

  /// Throws why the bytes are no such message.
  package init(_ bytes: [UInt8]) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: bidPrice = try field.text ?? bidPrice
      case 2: bidQuantity = try field.text ?? bidQuantity
      case 3: askPrice = try field.text ?? askPrice
      case 4: askQuantity = try field.text ?? askQuantity
      default: break
      }
    }
  }
}

/// `PrivateOrdersV3Api`.
package struct OrderPush: Hashable, Sendable {
  package static let number = 304

  package private(set) var id = ""
  /// Absent for an order that was made without one.
  package private(set) var clientID = ""
  package private(set) var price = ""
  package private(set) var quantity = ""
  package private(set) var orderType: Int32 = 0
  package private(set) var tradeType: Int32 = 0
  package private(set) var cumulativeQuantity = ""
  package private(set) var cumulativeAmount = ""
  package private(set) var status: Int32 = 0

  /// Throws why the bytes are no such message.
  package init(_ bytes: [UInt8]) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: id = try field.text ?? id
      case 2: clientID = try field.text ?? clientID
      case 3: price = try field.text ?? price
      case 4: quantity = try field.text ?? quantity
      case 7: orderType = field.int32 ?? orderType
      case 8: tradeType = field.int32 ?? tradeType
      case 13: cumulativeQuantity = try field.text ?? cumulativeQuantity
      case 14: cumulativeAmount = try field.text ?? cumulativeAmount
      case 15: status = field.int32 ?? status
      default: break
      }
    }
  }
}

/// `PrivateDealsV3Api`.
package struct DealPush: Hashable, Sendable {
  package static let number = 306

  package private(set) var price = ""
  package private(set) var quantity = ""
  package private(set) var tradeID = ""
  package private(set) var clientOrderID = ""
  package private(set) var orderID = ""

  /// Throws why the bytes are no such message.
  package init(_ bytes: [UInt8]) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: price = try field.text ?? price
      case 2: quantity = try field.text ?? quantity
      case 7: tradeID = try field.text ?? tradeID
      case 8: clientOrderID = try field.text ?? clientOrderID
      case 9: orderID = try field.text ?? orderID
      default: break
      }
    }
  }
}

/// `PrivateAccountV3Api`.
package struct AccountPush: Hashable, Sendable {
  package static let number = 307

  package private(set) var asset = ""
  /// What is available, frozen amounts left out, whatever its name says.
  package private(set) var balanceAmount = ""
  package private(set) var frozenAmount = ""
  package private(set) var changeType = ""

  /// Throws why the bytes are no such message.
  package init(_ bytes: [UInt8]) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: asset = try field.text ?? asset
      case 3: balanceAmount = try field.text ?? balanceAmount
      case 5: frozenAmount = try field.text ?? frozenAmount
      case 7: changeType = try field.text ?? changeType
      default: break
      }
    }
  }
}
