package import Domain
package import Platform
package import Transport

/// What the exchange, and the way to it, said when it was asked; nothing is concluded here.
package struct ExchangeFacts: Sendable {
  package enum Asked<Value: Sendable>: Sendable {
    case no
    case answered(Value)
    case failed(Problem)

    var value: Value? { if case .answered(let value) = self { value } else { nil } }
    var problem: Problem? { if case .failed(let problem) = self { problem } else { nil } }
  }

  package struct Clock: Hashable, Sendable {
    /// The exchange's clock minus this machine's, in milliseconds.
    package var offset: Int64
    package var roundTrip: Duration

    package init(offset: Int64, roundTrip: Duration) {
      self.offset = offset
      self.roundTrip = roundTrip
    }
  }

  /// Why there is no good answer.
  package enum Problem: Hashable, Sendable {
    /// The name service's words.
    case resolution(String)
    case transport(TransportError)
    case refused(code: Int, text: String)
    case throttled(isBan: Bool, until: WallTime, text: String)
    /// A page where an answer was due: the firewall before the exchange.
    case firewall(String)
    case unavailable(status: Int, text: String)
    case unreadable(String)
  }

  /// Scheme, host and port that are asked.
  package var endpoint: String
  /// A back-off that the exchange demanded before: nothing was sent.
  package var backOff: BanRecord?
  package var addresses: [IPAddress] = []
  package var clock = Asked<Clock>.no
  package var account = Asked<AccountRights>.no
  package var key = Asked<KeyInformation>.no
  package var openOrders = Asked<Void>.no
  /// A check of an order, which places none.
  package var testOrder = Asked<Void>.no
  package var testSymbol: Symbol?
  package var pairs = Asked<[Symbol]>.no
  package var rules = Asked<InstrumentList>.no
  /// After which nothing more was asked, though there was more to ask.
  package var stoppedBy: Problem?

  package init(endpoint: String) {
    self.endpoint = endpoint
  }
}

extension ExchangeFacts.Problem {
  /// What tells it from others: the exchange's code, or the status of its answer.
  var code: Int? {
    switch self {
    case .refused(let code, _): code
    case .throttled(let isBan, _, _): isBan ? 418 : 429
    case .firewall: 403
    case .unavailable(let status, _): status
    case .resolution, .transport, .unreadable: nil
    }
  }
}
