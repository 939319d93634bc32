package import Domain
import JSON
package import Transport

/// The calls that open, keep and close the account's stream (MEXC spot v3, "Listen key").
package enum ListenKeyRequest {
  /// May answer with a key that another program of the account uses, too.
  case make
  /// The key lives 60 minutes from then on. The exchange advises to ask every 30.
  case extend(ListenKey)
  /// Ends every stream that was opened with the key.
  case close(ListenKey)

  fileprivate var key: ListenKey? {
    switch self {
    case .make: nil
    case .extend(let key), .close(let key): key
    }
  }
}

package enum ListenKeyAnswer {
  case made(ListenKey)
  case extended
  case closed
  /// The exchange does not know the key any more: a stream needs another one.
  case dead(ExchangeError)
  case failed(ExchangeFailure)
}

extension MEXCSpot {
  /// "Listen key information error".
  private static let deadKeyCode = 730708

  /// What each of the calls costs. The documentation is silent; clients that are maintained count 1.
  package static let listenKeyCost = RequestCost(ipWeight: 1, uidWeight: 1)

  /// The request as it goes out, stamped with the exchange's time. `nil` without credentials.
  package func httpRequest(
    for request: ListenKeyRequest, stampedAt: WallTime
  ) -> HTTPRequest? {
    httpRequest(for: Call(request), stampedAt: stampedAt)
  }

  /// What the exchange's answer to `request`, or the lack of one, means. `now` is the exchange's time.
  /// No listen key is in a text.
  package mutating func answer(
    to request: ListenKeyRequest, _ result: Result<HTTPResponse, TransportError>, now: WallTime
  ) -> ListenKeyAnswer {
    switch outcome(of: result, hiding: request.key, now: now) {
    case .success(let body): return Self.answer(to: request, body)
    case .failure(.refused(let error)) where error.code == Self.deadKeyCode && request.key != nil:
      return .dead(error)
    case .failure(let failure): return .failed(failure)
    }
  }

  private static func answer(to request: ListenKeyRequest, _ body: JSONValue) -> ListenKeyAnswer {
    guard case .object = body else {
      return .failed(.unreadable("an answer that is \(body.kindWithArticle)"))
    }
    let key = body.text("listenKey")
    switch request {
    case .make:
      guard let made = key.flatMap({ ListenKey($0) }) else {
        return .failed(.unreadable("an answer without a listen key"))
      }
      return .made(made)
    case .extend(let own):
      if let key, key != own.text { return .failed(.unreadable(Self.otherKey)) }
      return .extended
    case .close(let own):
      if let key, key != own.text { return .failed(.unreadable(Self.otherKey)) }
      return .closed
    }
  }

  private static let otherKey = "an answer about another listen key"
}
