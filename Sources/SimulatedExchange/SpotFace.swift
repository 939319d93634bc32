package import Domain
package import JSON
package import Matching
package import Transport

/// How a simulated exchange begins.
package struct SimulatorConfiguration: Sendable {
  /// The pair that MEXC's own documentation prints; worthless anywhere else.
  package static let demoKey = "mx0aBYs33eIilxBWC5"
  package static let demoSecret = "45d0b3c26f2644f19bfb98b07741b2f5"

  package var key = demoKey
  package var secret = demoSecret
  package var permissions = ["SPOT_ACCOUNT_READ", "SPOT_DEAL_READ", "SPOT_DEAL_WRITE"]
  /// False: the key is bound to other addresses.
  package var isAddressAllowed = true
  /// Days until the key expires; 0 when it has, -999 for one that does not.
  package var keyDays = 80
  package var keyStatus = Self.validKey
  static let validKey = "VALID"
  /// False: the account may not trade, whatever the key may.
  package var isAccountOpen = true
  package var seed: UInt64 = 1
  package var listings = Listing.standard
  package var balances = SpotExchange.standardBalances
  package var rules = ExchangeRules()
  /// Prices begin to walk only when the operator lets them.
  package var isFrozen = false
  package var limits = RateLimits.Settings()
  package var faults = FaultPlan()
  /// How far the exchange's clock is ahead of the machine's.
  package var timeOffset = Duration.zero
  /// False: there is nothing behind `/ws`.
  package var hasStreams = true

  package init() {}
}

/// A request as the exchange's REST face sees it.
package struct WireRequest: Sendable {
  package var method: String
  package var path: String
  /// As it came; empty without one.
  package var query: String
  package var headers: HTTPFields
  package var body: [UInt8]

  package init(
    method: String, path: String, query: String = "", headers: HTTPFields = [], body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }

  package init(_ request: ReceivedRequest) {
    self.init(
      method: request.method, path: request.path, query: request.query ?? "",
      headers: request.headers, body: request.body)
  }
}

/// The REST face of the simulated exchange without its sockets: requests and moments in, answers out.
/// Like the exchange behind it, it repeats itself to the byte when the seed and the inputs do.
package struct SpotFace {
  package let configuration: SimulatorConfiguration
  package internal(set) var exchange: SpotExchange
  package internal(set) var admission: RequestAdmission
  package internal(set) var counts = RequestCounts()
  var faults: FaultPlan
  /// Draws the variants of answers that the exchange is known to choose between.
  private var variety: SplitMix64
  private var misfortune: SplitMix64
  var listenKeys: ListenKeys
  var streams: StreamFace

  package init(_ configuration: SimulatorConfiguration, at now: Moment) {
    self.configuration = configuration
    let start = Self.shifted(now, by: configuration)
    exchange = SpotExchange(
      listings: configuration.listings, balances: configuration.balances,
      rules: configuration.rules, seed: configuration.seed, at: start)
    if configuration.isFrozen { exchange.freeze(nil, true, at: start) }
    admission = RequestAdmission(configuration)
    faults = configuration.faults
    variety = SplitMix64(seed: configuration.seed, stream: "answers")
    misfortune = SplitMix64(seed: configuration.seed, stream: "faults")
    listenKeys = ListenKeys(seed: configuration.seed)
    streams = StreamFace(configuration)
  }

  /// The exchange's own time.
  static func shifted(_ now: Moment, by configuration: SimulatorConfiguration) -> Moment {
    Moment(wall: now.wall.advanced(by: configuration.timeOffset), monotonic: now.monotonic)
  }

  /// The truth that a test compares a client's own record with.
  package func ledger() -> JSONValue { Ledger(self).document }

  // MARK: Arrival

  /// Takes a request and says what is to come back, faults included.
  package mutating func receive(_ request: WireRequest, at now: Moment) -> Delivery {
    if request.path.hasPrefix(Administration.prefix) {
      let now = Self.shifted(now, by: configuration)
      return .respond(Administration.answer(request, &self, at: now))
    }
    guard let route = Route(method: request.method, path: request.path) else {
      counts.unknownRoutes += 1
      return .respond(.unknownRoute(request))
    }
    counts.byRoute[route, default: 0] += 1
    let named = Parameters(query: request.query, body: request.body).namedSymbols
    let draw = faults.draw(for: route, about: named, by: &misfortune)
    if let fault = draw.fault { counts.faults[fault.name, default: 0] += 1 }
    if draw.hiding != nil { counts.faults["hidden", default: 0] += 1 }
    guard let fault = draw.fault else {
      return .respond(process(request, hiding: draw.hiding, at: now))
    }
    return deliver(fault, request, hiding: draw.hiding, at: now)
  }

  private mutating func deliver(
    _ fault: FaultPlan.Fault, _ request: WireRequest, hiding: FaultPlan.Hiding?, at now: Moment
  ) -> Delivery {
    switch fault {
    case .lostBefore(let reset): return .close(reset: reset)
    case .errorBefore(let status): return .respond(.serverError(status))
    case .forbidden: return .respond(.firewallPage)
    case .redirect(let location):
      return .respond(HTTPResponse(status: 302, headers: [("Location", location)]))
    case .answer(let scripted):
      return .respond(
        HTTPResponse(
          status: scripted.status, headers: [("Content-Type", scripted.contentType)],
          body: Array(scripted.body.utf8)))
    case .late(let delay, processedAfter: true): return .processAfter(delay, hiding)
    case .lostAfter, .late, .errorAfter, .truncated, .garbage, .empty, .extra, .trickle, .hidden,
      .wrongEcho, .appendRow, .patch:
      break
    }
    let response = process(request, hiding: hiding, wrongEcho: fault == .wrongEcho, at: now)
    switch fault {
    case .lostAfter(let reset): return .close(reset: reset)
    case .late(let delay, _): return .respondAfter(response, delay)
    case .errorAfter(let status): return .respond(.serverError(status))
    case .truncated(let count): return .cut(response, count)
    case .garbage: return .raw(garbage(), keepAlive: false)
    case .empty: return .respond(HTTPResponse(status: 200, headers: response.headers))
    case .extra:
      let other = HTTPResponse.json(200, ["symbol": "EXTRAUSDT", "orderId": "0", "price": "1"])
      let bytes = response.bytes(keepAlive: true) + other.bytes(keepAlive: true)
      return .raw(bytes, keepAlive: true)
    case .trickle(let piece, let pause): return .trickle(response, piece: piece, every: pause)
    case .appendRow(let row): return .respond(Self.rewritten(response) { $0.appending(row) })
    case .patch(let patch): return .respond(Self.rewritten(response) { patch.applied(to: $0) })
    case .wrongEcho, .hidden, .lostBefore, .errorBefore, .forbidden, .redirect, .answer:
      return .respond(response)
    }
  }

  /// A good answer with another body; a refusal stays as it is.
  private static func rewritten(
    _ response: HTTPResponse, _ change: (JSONValue) -> JSONValue
  ) -> HTTPResponse {
    guard response.status == 200,
      let body = try? JSONReader.read(response.body, limits: .exchange)
    else { return response }
    return .json(200, change(body))
  }

  private mutating func garbage() -> [UInt8] {
    (0..<(1 + misfortune.below(600))).map { _ in UInt8(misfortune.below(256)) }
  }

  // MARK: Processing

  /// Checks a request in the exchange's order and acts on it.
  package mutating func process(
    _ request: WireRequest, hiding: FaultPlan.Hiding? = nil, wrongEcho: Bool = false,
    at now: Moment
  ) -> HTTPResponse {
    let now = Self.shifted(now, by: configuration)
    guard let route = Route(method: request.method, path: request.path) else {
      return .unknownRoute(request)
    }
    exchange.advance(to: now)
    let parameters = Parameters(query: request.query, body: request.body)
    do throws(Refusal) {
      if let wait = try admission.admit(request, route, parameters, at: now) { return wait }
      let call = RouteCall(parameters: parameters, hiding: hiding, now: now)
      let answer = try perform(route, call)
      return .json(200, wrongEcho ? Wire.misquoted(answer) : answer)
    } catch {
      counts.refusals[error.code, default: 0] += 1
      return .json(400, Wire.refusal(error, by: &variety))
    }
  }

  private mutating func perform(_ route: Route, _ call: RouteCall) throws(Refusal) -> JSONValue {
    switch route {
    case .ping, .time, .defaultSymbols, .exchangeInfo, .depth, .recentTrades,
      .aggregateTrades, .klines, .averagePrice, .dayTicker, .priceTicker, .bookTicker, .contracts:
      try MarketRoutes(exchange: exchange, call: call).answer(route, by: &variety)
    case .selfSymbols, .account, .uid, .kycStatus, .keyInfo, .coins, .tradeFee, .myTrades:
      try AccountRoutes(configuration: configuration, exchange: exchange, call: call)
        .answer(route, by: &variety)
    case .placeOrder, .testOrder, .placeBatch, .queryOrder, .cancelOrder, .openOrders,
      .cancelOpenOrders, .cancelEverything, .allOrders:
      try OrderRoutes(call: call).answer(
        route, at: &exchange, by: &variety, counting: &counts)
    case .makeListenKey, .extendListenKey, .closeListenKey, .listListenKeys:
      try listenKeys.answer(route, call)
    }
  }
}

extension JSONValue {
  /// An array with one element more; anything else as it is.
  fileprivate func appending(_ row: JSONValue) -> JSONValue {
    arrayValue.map { .array($0 + [row]) } ?? self
  }
}
