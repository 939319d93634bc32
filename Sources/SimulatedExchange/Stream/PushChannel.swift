import Domain

/// What a client can subscribe to here. The exchange has more market channels; they are refused like
/// wrong names.
enum PushChannel: Hashable, Sendable {
  case bookTicker(Symbol, milliseconds: Int)
  case orders, deals, account

  /// How often best prices can be pushed, in milliseconds.
  private static let intervals = [10, 100]

  var text: String {
    switch self {
    case .bookTicker(let symbol, let milliseconds):
      "spot@public.aggre.bookTicker.v3.api.pb@\(milliseconds)ms@\(symbol)"
    case .orders: "spot@private.orders.v3.api.pb"
    case .deals: "spot@private.deals.v3.api.pb"
    case .account: "spot@private.account.v3.api.pb"
    }
  }

  /// `nil` for any other text.
  init?(text: String) {
    var candidates: [PushChannel] = [.orders, .deals, .account]
    if let name = text.split(separator: "@").last, let symbol = Symbol(exchangeText: String(name)) {
      candidates += Self.intervals.map { .bookTicker(symbol, milliseconds: $0) }
    }
    guard let channel = candidates.first(where: { $0.text == text }) else { return nil }
    self = channel
  }

  var symbol: Symbol? {
    if case .bookTicker(let symbol, _) = self { symbol } else { nil }
  }

  /// The right that the key of an account's stream needs; `nil` for the market's channels.
  var permission: String? {
    switch self {
    case .bookTicker: nil
    case .orders, .deals: "SPOT_DEAL_READ"
    case .account: "SPOT_ACCOUNT_READ"
    }
  }
}
