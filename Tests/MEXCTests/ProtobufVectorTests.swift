import JSON
import MEXC
import Testing

/// Frames of MEXC, and frames that no decoder may take, with what every field holds.
@Suite struct ProtobufVectorTests {
  @Test(arguments: ProtobufVector.files)
  func `every value of an accepted frame is read, and a refused frame is refused`(
    file: String
  ) throws {
    let vectors = try ProtobufVector.read(file)
    #expect(!vectors.isEmpty)
    for vector in vectors {
      if let expected = vector.expected {
        #expect(throws: Never.self, "\(vector.name)") { try check(vector, expected) }
      } else {
        #expect(throws: ProtobufError.self, "\(vector.name)") { try decode(vector.frame) }
      }
    }
  }

  /// The wrapper, and its body with every field that MEXC documents.
  @discardableResult
  private func decode(_ frame: [UInt8]) throws(ProtobufError) -> (PushMessage, JSONValue?) {
    let message = try PushMessage(frame)
    guard let body = message.body else { return (message, nil) }
    if let push = try ReadBody(body) { _ = push }
    let schema = ProtobufSchema.bodies[body.number]?.schema
    return (message, try schema?.read(body.bytes[...]))
  }

  private func check(_ vector: ProtobufVector, _ expected: JSONValue) throws {
    let (message, body) = try decode(vector.frame)
    let wrapper: JSONValue = [
      "channel": .string(message.channel), "symbol": .optional(message.symbol),
      "symbolId": .optional(message.symbolID), "createTime": .optional(message.createTime),
      "sendTime": .optional(message.sendTime),
    ]
    #expect(expected["wrapper"].map { $0.isHeld(by: wrapper) } == true, "\(vector.name)")
    let number = message.body?.number
    #expect(expected["body_number"] == .optional(number), "\(vector.name)")
    #expect(
      expected["body_field"]
        == .optional(number.flatMap { ProtobufSchema.bodies[$0]?.name }), "\(vector.name)")
    #expect(expected["body"].map { $0.isHeld(by: body ?? .null) } == true, "\(vector.name)")
    if let read = try message.body.flatMap({ body throws(ProtobufError) in try ReadBody(body) }) {
      #expect(expected["body"].map { read.values.isHeld(by: $0) } == true, "\(vector.name)")
    }
  }
}

/// A body as the product reads it, by the names of the vectors; `nil` for one that it does not. The
/// numbers are the schema's, not the product's own.
private struct ReadBody {
  let values: JSONValue

  init?(_ body: PushMessage.Body) throws(ProtobufError) {
    switch body.number {
    case 315:
      let push = try BookTickerPush(body.bytes)
      values = [
        "bidPrice": .string(push.bidPrice), "bidQuantity": .string(push.bidQuantity),
        "askPrice": .string(push.askPrice), "askQuantity": .string(push.askQuantity),
      ]
    case 304:
      let push = try OrderPush(body.bytes)
      values = [
        "id": .string(push.id), "clientId": .string(push.clientID), "price": .string(push.price),
        "quantity": .string(push.quantity), "orderType": .integer(push.orderType),
        "tradeType": .integer(push.tradeType),
        "cumulativeQuantity": .string(push.cumulativeQuantity),
        "cumulativeAmount": .string(push.cumulativeAmount), "status": .integer(push.status),
      ]
    case 306:
      let push = try DealPush(body.bytes)
      values = [
        "price": .string(push.price), "quantity": .string(push.quantity),
        "tradeId": .string(push.tradeID), "clientOrderId": .string(push.clientOrderID),
        "orderId": .string(push.orderID),
      ]
    case 307:
      let push = try AccountPush(body.bytes)
      values = [
        "vcoinName": .string(push.asset), "balanceAmount": .string(push.balanceAmount),
        "frozenAmount": .string(push.frozenAmount), "type": .string(push.changeType),
      ]
    default: return nil
    }
  }
}

extension JSONValue {
  fileprivate static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? nil }

  fileprivate static func optional(_ number: (some FixedWidthInteger)?) -> JSONValue {
    number.map { .integer($0) } ?? nil
  }

  /// Whether `other` has every value that is named here, at any depth.
  fileprivate func isHeld(by other: JSONValue) -> Bool {
    switch (self, other) {
    case (.object(let members), .object):
      members.allSatisfy { member in other[member.name].map { member.value.isHeld(by: $0) } == true
      }
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isHeld(by: $1) }
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    default: self == other
    }
  }
}
