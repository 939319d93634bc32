import Domain

/// A business error of the exchange: the code and text that a client reads with HTTP 400.
package struct Refusal: Error, Hashable, Sendable {
  package let code: Int
  package let text: String

  package init(_ code: Int, _ text: String) {
    self.code = code
    self.text = text
  }
}

// The codes and texts are those of the MEXC spot v3 documentation where it has them, and otherwise
// those that its users report.
extension Refusal {
  package static let unknownOrder = Refusal(-2013, "Order does not exist.")
  package static let publicSymbolInvalid = Refusal(-1121, "Invalid symbol.")
  package static let intervalInvalid = Refusal(-1121, "Invalid interval.")
  package static let symbolNotSupported = Refusal(10007, "symbol not support api")
  static let suspended = Refusal(30000, "suspended transaction for the symbol")
  static let tradingDisabled = Refusal(30016, "trading disabled")
  static let symbolBannedForKey = Refusal(70011, "Pair user ban trade apikey")
  static let sideNotAllowed = Refusal(
    30001, "Current transaction direction is not allowed to place an order")
  static let marketDisabledForAPI = Refusal(30019, "api market order is disabled")
  package static let typeNotAllowed = Refusal(30041, "current order type can not place order")
  static let noValidPrice = Refusal(30010, "no valid trade price")
  static let insufficientPosition = Refusal(30004, "Insufficient position")
  static let insufficientBalance = Refusal(10101, "Insufficient balance")
  static let oversold = Refusal(30005, "Oversold")
  static let tooManyOpenOrders = Refusal(30029, "Exceeds the maximum order limit")
  static let outsideBand = Refusal(30087, "Order price exceeds allowed range")
  static let duplicateClientOrderID = Refusal(30026, "Duplicate client order id")
  package static let quantityScale = Refusal(400, "quantity scale is invalid")
  package static let amountScale = Refusal(400, " amount scale is invalid")
  package static let priceScale = Refusal(400, "price scale is invalid")
  static let amountNotPositive = Refusal(10102, "amount can not be zero or negative")

  static func belowMinimum(_ minimum: FixedDecimal, _ asset: String) -> Refusal {
    Refusal(30002, "The minimum transaction volume cannot be less than:\(minimum)\(asset)")
  }

  static func aboveMaximum(_ maximum: FixedDecimal, _ asset: String) -> Refusal {
    Refusal(30003, "The maximum transaction volume cannot be greater than:\(maximum)\(asset)")
  }

  package static func missing(_ parameter: String) -> Refusal {
    Refusal(
      700004, "Mandatory parameter '\(parameter)' was not sent, was empty/null, or malformed.")
  }

  package static func illegalCharacters(_ parameter: String) -> Refusal {
    Refusal(
      700008,
      "Illegal characters found in parameter '\(parameter)'; "
        + "legal range is '^[0-9a-zA-Z_-]{1,32}$'.")
  }
}
