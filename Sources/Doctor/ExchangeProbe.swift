package import Domain
import JSON
package import MEXC
package import Platform
package import Transport

/// Asks the exchange, one request after the other and at most nine, and keeps what it says. Waits for
/// each answer: for the operator's tool, never for a daemon's loop. It stops at the first answer after
/// which more requests could only do harm or tell nothing.
package struct ExchangeProbe {
  /// Whether the symbols' rules are asked for, too, which weigh most.
  package enum Rules {
    case asked
    /// Only where a name may not be listed.
    case askedInDoubt
    case unasked
  }

  package struct Settings {
    package var endpoint: Endpoint
    package var tls: TLSContext?
    package var receiveWindow: Duration
    /// `nil` is every symbol.
    package var symbols: [Symbol]?
    package var rules: Rules

    package init(
      endpoint: Endpoint, tls: TLSContext?, receiveWindow: Duration, symbols: [Symbol]?,
      rules: Rules
    ) {
      self.endpoint = endpoint
      self.tls = tls
      self.receiveWindow = receiveWindow
      self.symbols = symbols
      self.rules = rules
    }
  }

  private let settings: Settings
  private let loop: EventLoop
  private let hasKey: Bool
  private var venue: MEXCSpot
  private var facts: ExchangeFacts

  /// What the exchange says. `credentials` is `nil` where only public things are to be asked. Throws
  /// when this machine has no descriptors left.
  package static func facts(
    _ settings: Settings, _ credentials: MEXC.Credentials?
  ) throws(SystemError) -> ExchangeFacts {
    var probe = ExchangeProbe(settings, credentials, loop: try EventLoop())
    try probe.run()
    return probe.facts
  }

  private init(_ settings: Settings, _ credentials: MEXC.Credentials?, loop: EventLoop) {
    self.settings = settings
    self.loop = loop
    hasKey = credentials != nil
    venue = MEXCSpot(credentials: credentials, receiveWindow: settings.receiveWindow)
    facts = ExchangeFacts(endpoint: settings.endpoint.description)
  }

  private mutating func run() throws(SystemError) {
    guard let resolver = resolver() else { return }
    var options = HTTPClient.Configuration()
    options.warmConnections = 1
    options.userAgent = Version.userAgent
    let client = HTTPClient(
      loop: loop, endpoint: settings.endpoint, tls: settings.tls, configuration: options,
      resolver: resolver)
    defer { client.close() }
    guard try readClock(client) else { return }
    if hasKey { try askAboutKey(client) }
    guard let symbols = settings.symbols, !symbols.isEmpty, !isOver, asksForRules(of: symbols)
    else { return }
    try readRules(of: symbols, client)
  }

  private func asksForRules(of symbols: [Symbol]) -> Bool {
    switch settings.rules {
    case .asked: true
    case .askedInDoubt: isListingInDoubt(symbols)
    case .unasked: false
    }
  }

  /// A name that is not listed is among no key's pairs, and only the rules tell it from one that this key
  /// may not trade.
  private func isListingInDoubt(_ symbols: [Symbol]) -> Bool {
    if facts.testOrder.problem?.fault == .pair { return true }
    guard let pairs = facts.pairs.value else { return false }
    return !Set(symbols).isSubset(of: pairs)
  }

  /// The exchange may refuse a list for one name in it, and does not say which: its own list does.
  private mutating func readRules(
    of symbols: [Symbol], _ client: HTTPClient
  ) throws(SystemError) {
    facts.rules = try ask(.instruments(symbols), client, \.instrumentsReading)
    guard symbols.count > 1,
      case .refused(AnswerReader.invalidSymbolCode, _)? = facts.rules.problem
    else { return }
    facts.rules = try ask(.instruments([]), client, \.instrumentsReading)
  }

  /// The name is looked up here, so that its addresses can be told.
  private mutating func resolver() -> Resolver? {
    switch settings.endpoint.host {
    case .address(let address): facts.addresses = [address]
    case .name("localhost"): facts.addresses = [.loopback4, .loopback6]
    case .name(let name):
      switch Resolver.systemLookUp(name) {
      case .success(let addresses): facts.addresses = addresses
      case .failure(let failure):
        facts.clock = .failed(.resolution(failure.text))
        return nil
      }
    }
    let addresses = facts.addresses
    return Resolver(loop, host: settings.endpoint.host) { _ in .success(addresses) }
  }

  /// Twice: the first answer comes after the making of a connection.
  private mutating func readClock(_ client: HTTPClient) throws(SystemError) -> Bool {
    for _ in 0..<2 {
      let before = Clock.now()
      let answer = try ask(.serverTime, client, \.serverTimeReading)
      let roundTrip = Clock.monotonic().since(before.monotonic)
      switch answer {
      case .no: return false
      case .failed(let problem):
        facts.clock = .failed(problem)
        return false
      case .answered(let time):
        let middle = before.wall.advanced(by: roundTrip / 2)
        facts.clock = .answered(
          ExchangeFacts.Clock(
            offset: time.since(middle).wholeMilliseconds, roundTrip: roundTrip))
      }
    }
    return true
  }

  // MARK: The key

  private mutating func askAboutKey(_ client: HTTPClient) throws(SystemError) {
    facts.account = try ask(.accountRights, client, \.accountRightsReading)
    switch facts.account.problem?.fault {
    case nil: facts.key = try ask(.keyInformation, client, \.keyInformationReading)
    // It may still tell that the key has expired.
    case .keyUnknown?:
      facts.key = try ask(.keyInformation, client, \.keyInformationReading)
      return
    case .permission?: break
    case .some: return
    }
    guard !isOver else { return }
    facts.pairs =
      facts.account.value == nil
      ? .no : try ask(.tradableSymbols, client, \.tradableSymbolsReading)
    guard !isOver, let symbol = settings.symbols?.first ?? facts.pairs.value?.first else { return }
    if facts.key.value?.rights == nil {
      facts.openOrders = Self.accepted(try ask(.openOrders(symbol), client, \.ordersReading))
    }
    guard !isOver, let order = Self.order(of: symbol) else { return }
    facts.testSymbol = symbol
    facts.testOrder = Self.accepted(
      try ask(.validate(order), client) { $0.placementReadings(of: 1)[0] })
  }

  /// An order to be checked. Whether its numbers fit the symbol does not matter: that the exchange
  /// looks at them proves what is to be proved.
  private static func order(of symbol: Symbol) -> OrderRequest? {
    ClientOrderID("mexc-signalctl-doctor").map { id in
      OrderRequest(
        clientOrderID: id, symbol: symbol, side: .buy, type: .limit,
        amount: .base(FixedDecimal(1)), price: FixedDecimal(1))
    }
  }

  private static func accepted<Value>(
    _ answer: ExchangeFacts.Asked<Value>
  ) -> ExchangeFacts.Asked<Void> {
    switch answer {
    case .no: .no
    case .answered: .answered(())
    case .failed(let problem): .failed(problem)
    }
  }

  private var isOver: Bool { facts.stoppedBy != nil }

  /// Whether nothing more may be sent, or would be answered.
  private static func stops(_ problem: ExchangeFacts.Problem) -> Bool {
    switch problem {
    case .throttled, .firewall, .transport, .resolution, .unavailable: true
    case .refused, .unreadable: false
    }
  }

  // MARK: One request

  private mutating func ask<Value>(
    _ request: ExchangeRequest, _ client: HTTPClient,
    _ reading: (ExchangeAnswer) -> Result<Value, ExchangeFailure>
  ) throws(SystemError) -> ExchangeFacts.Asked<Value> {
    let stamp = exchangeTime
    guard let http = venue.httpRequest(for: request, stampedAt: stamp) else { return .no }
    let result = try exchange(http, client)
    let answer = venue.answer(to: request, result, now: exchangeTime)
    switch reading(answer) {
    case .success(let value): return .answered(value)
    case .failure(let failure):
      let problem = problem(failure, result)
      if Self.stops(problem) { facts.stoppedBy = problem }
      return .failed(problem)
    }
  }

  private var exchangeTime: WallTime {
    Clock.now().wall.advanced(by: .milliseconds(facts.clock.value?.offset ?? 0))
  }

  private func exchange(
    _ request: HTTPRequest, _ client: HTTPClient
  ) throws(SystemError) -> Result<HTTPResponse, TransportError> {
    var outcome: Result<HTTPResponse, TransportError>?
    client.send(request, .ordinary) { outcome = $0 }
    while true {
      if let outcome { return outcome }
      try loop.turn()
    }
  }

  private func problem(
    _ failure: ExchangeFailure, _ result: Result<HTTPResponse, TransportError>
  ) -> ExchangeFacts.Problem {
    let response: HTTPResponse
    switch result {
    case .failure(let error): return .transport(error)
    case .success(let answer): response = answer
    }
    switch failure {
    case .refused(let error): return .refused(code: error.code, text: error.text)
    case .throttled(let notice):
      return .throttled(
        isBan: notice.isBan, until: Clock.now().wall.advanced(by: notice.wait), text: notice.text)
    case .blocked(let text):
      // As JSON it comes from the exchange itself, and is about the key.
      let body = try? JSONReader.read(response.body, limits: .exchange)
      guard body?.objectValue != nil else { return .firewall(text) }
      let code = body?["code"].flatMap { $0.integerValue ?? $0.stringValue.flatMap { Int64($0) } }
      return .refused(code: code.flatMap { Int(exactly: $0) } ?? 403, text: text)
    case .unreadable(let text), .notSent(let text), .noAnswer(let text):
      return response.status >= 500
        ? .unavailable(status: response.status, text: text) : .unreadable(text)
    }
  }
}
