import Domain
import JSON

/// An answer, or a part of it, that lacks what it must have. The text says what.
struct Undecodable: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }

  /// Of a number that is none, or has more digits than are counted.
  static func unheld(_ name: String, _ text: String) -> Undecodable {
    Undecodable("\(name) is \(text.prefix(scalars: 40)), which is no number that can be held")
  }
}

/// Members as the exchange writes them: `null` and `""` stand for "absent", numbers come as strings
/// or as numbers.
extension JSONValue {
  func text(_ name: String) -> String? {
    guard let text = self[name]?.stringValue, !text.isEmpty else { return nil }
    return text
  }

  /// The text of a string or of a number.
  func scalarText(_ name: String) -> String? {
    text(name) ?? self[name]?.numberValue
  }

  /// An identifier: text, or a number that is kept as its digits.
  func identifier(_ name: String) -> String? {
    if let text = text(name) { return text }
    guard let number = self[name]?.numberValue,
      number.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return number
  }

  /// What no id can be would stand in the history and in every look-up, and would name no order there.
  func requiredOrderID() throws(Undecodable) -> String {
    guard let id = identifier("orderId") else { throw Undecodable("orderId is missing") }
    guard id != "0", id != "-1", (1...64).contains(id.utf8.count),
      id.utf8.allSatisfy(isOrderIDCharacter)
    else { throw Undecodable("orderId is \(id.prefix(scalars: 40)), which is no order's id") }
    return id
  }

  /// `nil` when absent, and when it cannot be one.
  var orderID: String? { try? requiredOrderID() }

  /// Whether it names an order, readable or not. An error says `null`, nothing, 0 or -1 where it has none.
  var namesOrder: Bool {
    guard let value = self["orderId"], !value.isNull else { return false }
    return !["", "0", "-1"].contains(value.stringValue ?? value.numberValue)
  }

  /// `nil` when absent.
  func decimal(_ name: String) throws(Undecodable) -> FixedDecimal? {
    guard let text = scalarText(name) else { return nil }
    do throws(FixedDecimal.ParseError) {
      return try FixedDecimal(exchangeText: text)
    } catch {
      throw .unheld(name, text)
    }
  }

  func requiredDecimal(_ name: String) throws(Undecodable) -> FixedDecimal {
    guard let value = try decimal(name) else { throw Undecodable("\(name) is missing") }
    return value
  }

  func requiredSymbol(_ expected: Symbol) throws(Undecodable) {
    guard text("symbol").flatMap(Symbol.init(exchangeText:)) == expected else {
      throw Undecodable("it is about another symbol than \(expected)")
    }
  }
}

/// As the exchange is seen to write them: 32 hexadecimal digits, digits alone, or like `C02__1`.
private func isOrderIDCharacter(_ byte: UInt8) -> Bool {
  switch UnicodeScalar(byte) {
  case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
  default: false
  }
}
