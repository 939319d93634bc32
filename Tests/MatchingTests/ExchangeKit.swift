import Domain
import Matching
import TestKit

let everTime = WallTime(milliseconds: 0)...WallTime(milliseconds: .max)

extension Placement {
  static func limit(
    _ side: Side, _ quantity: String, at price: String, _ name: String = "LINKUSDT",
    type: OrderType = .limit, id: String? = nil
  ) -> Placement {
    Placement(
      symbol: pair(name), side: side, type: type, amount: .base(decimal(quantity)),
      price: decimal(price), clientOrderID: id)
  }

  static func market(
    _ side: Side, _ amount: Signal.Amount, _ name: String = "LINKUSDT", id: String? = nil
  ) -> Placement {
    Placement(
      symbol: pair(name), side: side, type: .market, amount: amount, price: nil,
      clientOrderID: id)
  }
}

/// The code that a call is refused with; 0 when it is not.
func refusalCode(_ call: () throws(Refusal) -> Void) -> Int {
  do {
    try call()
    return 0
  } catch {
    return error.code
  }
}
