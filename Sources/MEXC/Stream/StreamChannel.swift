package import Domain

/// What a stream can be asked to push (MEXC spot v3, "Websocket market streams" and "user data
/// streams").
package enum StreamChannel: Hashable, Sendable {
  /// How often the best prices are pushed at the most.
  package enum Interval: Int, CaseIterable, Hashable, Sendable {
    case tenMilliseconds = 10
    case hundredMilliseconds = 100

    package var duration: Duration { .milliseconds(rawValue) }

    fileprivate var text: String {
      switch self {
      case .tenMilliseconds: "10ms"
      case .hundredMilliseconds: "100ms"
      }
    }
  }

  /// The best bid and ask of a symbol.
  case bookTicker(Symbol, Interval)
  /// The account's orders, fills and balances: streams that a listen key opened.
  case privateOrders
  case privateDeals
  case privateAccount

  /// Whether it is pushed only on a connection that a listen key opened.
  package var needsKey: Bool {
    switch self {
    case .bookTicker: false
    case .privateOrders, .privateDeals, .privateAccount: true
    }
  }

  /// Whether what has not changed is pushed again and again.
  package var isRepeated: Bool {
    switch self {
    case .bookTicker: true
    case .privateOrders, .privateDeals, .privateAccount: false
    }
  }

  private static let bookTickerPrefix = "spot@public.aggre.bookTicker.v3.api.pb@"
  private static let bookTickers = Interval.allCases.map { interval in
    (prefix: bookTickerPrefix + interval.text + "@", interval: interval)
  }
  private static let privateNames: [String: StreamChannel] = [
    StreamChannel.privateOrders.text: .privateOrders,
    StreamChannel.privateDeals.text: .privateDeals,
    StreamChannel.privateAccount.text: .privateAccount,
  ]

  /// The channel as it is subscribed to, and as its pushes name it.
  package var text: String {
    switch self {
    case .bookTicker(let symbol, let interval):
      Self.bookTickerPrefix + "\(interval.text)@\(symbol)"
    case .privateOrders: "spot@private.orders.v3.api.pb"
    case .privateDeals: "spot@private.deals.v3.api.pb"
    case .privateAccount: "spot@private.account.v3.api.pb"
    }
  }

  /// `nil` for a channel that is none of these.
  package init?(text: String) {
    // Pushes name it ten times a second and more: bytes are read faster than characters.
    for (prefix, interval) in Self.bookTickers where Self.begins(text.utf8.span, prefix.utf8.span) {
      guard let name = String(text.utf8.dropFirst(prefix.utf8.count)),
        let symbol = Symbol(exchangeText: name)
      else { return nil }
      self = .bookTicker(symbol, interval)
      return
    }
    guard let channel = Self.privateNames[text] else { return nil }
    self = channel
  }

  private static func begins(_ text: Span<UInt8>, _ prefix: Span<UInt8>) -> Bool {
    guard text.count >= prefix.count else { return false }
    for place in prefix.indices where text[place] != prefix[place] { return false }
    return true
  }
}
