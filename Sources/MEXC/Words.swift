import Domain

// The exchange's words for what the domain names (MEXC spot v3, "Enum definitions").

extension Side {
  var exchangeWord: String {
    switch self {
    case .buy: "BUY"
    case .sell: "SELL"
    }
  }

  init?(exchangeWord: String) {
    guard let side = Self.allCases.first(where: { $0.exchangeWord == exchangeWord })
    else { return nil }
    self = side
  }
}

extension OrderType {
  var exchangeWord: String {
    switch self {
    case .limit: "LIMIT"
    case .market: "MARKET"
    case .limitMaker: "LIMIT_MAKER"
    case .immediateOrCancel: "IMMEDIATE_OR_CANCEL"
    case .fillOrKill: "FILL_OR_KILL"
    }
  }

  init?(exchangeWord: String) {
    guard let type = Self.allCases.first(where: { $0.exchangeWord == exchangeWord })
    else { return nil }
    self = type
  }
}

extension OrderReport.Status {
  init(exchangeWord: String) {
    switch exchangeWord {
    case "NEW": self = .open
    case "PARTIALLY_FILLED": self = .partiallyFilled
    case "FILLED": self = .filled
    case "CANCELED": self = .canceled
    case "PARTIALLY_CANCELED": self = .partiallyCanceled
    default: self = .undocumented(exchangeWord)
    }
  }
}
