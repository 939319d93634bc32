import Domain
import JSON
import Transport

/// The listen key that opens the stream of the account's orders (MEXC spot v3, "Listen key"): made,
/// and kept alive. A key lives 60 minutes from its last extension. The exchange may hand out one that
/// another program of the account uses too, so that it is never closed from here.
struct AccountStreamKey {
  private(set) var key: ListenKey?

  /// Takes the body of a good answer. An answer about another key says nothing about ours.
  mutating func take(_ body: JSONValue, to request: Request) -> ExchangeAnswer {
    guard case .object = body else {
      return .failed(.unreadable("an answer that is \(body.kindWithArticle)"))
    }
    let text = body.text("listenKey")
    switch request {
    case .make:
      guard let made = text.flatMap({ ListenKey($0) }) else {
        return .failed(.unreadable("an answer without a listen key"))
      }
      key = made
    case .extend:
      if let text, text != key?.text {
        return .failed(.unreadable("an answer about another listen key"))
      }
    }
    return .accountStreamReady
  }

  enum Request {
    case make, extend

    /// `nil` for a request about something else.
    init?(_ request: ExchangeRequest) {
      switch request {
      case .openAccountStream: self = .make
      case .extendAccountStream: self = .extend
      case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
        .place, .validate, .order,
        .openOrders, .recentOrders, .trades, .cancel:
        return nil
      }
    }
  }
}
