import Domain
import Execution
import MEXC
import Matching
import Platform
import SimulatedExchange
import Transport

/// The exchange of the parts. A placement goes to a server that is on the same loop, over TLS, and so is
/// served while nothing is timed; what it means is answered here: everything is there, and is filled at
/// once.
final class PartsExchange {
  private static let deadline = Duration.seconds(10)
  private static let bid = FixedDecimal(64_000)
  private static let ask = FixedDecimal(64_001)

  private static let response = HTTPResponse(
    status: 200, headers: [("Content-Type", "application/json")],
    body: Array(
      """
      {"symbol":"BTCUSDT","orderId":"C02__443776347957968896088","orderListId":-1,\
      "price":"64100","origQty":"0.001","type":"LIMIT","side":"BUY","stpMode":"",\
      "transactTime":1661938980268}
      """.utf8))

  /// What the server says to everything.
  let acknowledgement = response.bytes(keepAlive: true)
  let instrument: Instrument
  private let bench: Bench
  private let server: HTTPServer
  private let client: HTTPClient
  private var requests: [String: OrderRequest] = [:]
  private var unanswered = 0
  private var failure: TransportError?

  /// With its connections made.
  init(_ bench: Bench, in directory: String) throws {
    self.bench = bench
    var instrument = Listing.standard[0].rules
    instrument.venue = MEXCSpot.spotTraits.name
    self.instrument = instrument
    let certificate = try Certificate(in: directory, bench)
    server = try HTTPServer(
      loop: bench.loop, port: 0,
      tls: TLSContext(serverCertificate: certificate.path, key: certificate.keyPath)
    ) { _, responder in responder.respond(Self.response) }
    client = HTTPClient(
      loop: bench.loop, endpoint: try Endpoint("https://127.0.0.1:\(server.port)"),
      tls: try TLSContext(client: .file(certificate.path)))
    client.start()
    try bench.wait("a connection to itself", for: Self.deadline) { client.status.idle > 0 }
  }

  func close() {
    client.close()
    server.close()
  }

  // MARK: On the wire

  /// Writes it to a connection at once.
  func send(_ request: HTTPRequest, before deadline: MonotonicTime?) {
    unanswered += 1
    client.send(request, .once, before: deadline) { [weak self] result in self?.take(result) }
  }

  private func take(_ result: Result<HTTPResponse, TransportError>) {
    unanswered -= 1
    if case .failure(let error) = result { failure = error }
  }

  /// Throws when a placement did not reach the server.
  func waitForAnswers() throws {
    try bench.wait("the answer to a placement", for: Self.deadline) { unanswered == 0 }
    if let failure { throw failure }
  }

  // MARK: What it means

  func pushedPrice(at now: Moment) -> MarketPrice {
    MarketPrice(
      at: instrument.venue, bid: Self.bid, ask: Self.ask, knownAt: now, sentAt: now.wall,
      origin: .pushed)
  }

  func answer(to request: ExchangeRequest, at now: Moment) -> ExchangeAnswer {
    switch request {
    case .serverTime: return .serverTime(now.wall)
    case .instruments: return .instruments([instrument])
    case .tradableSymbols: return .tradableSymbols([instrument.symbol])
    case .keyInformation: return .keyInformation(KeyInformation())
    case .accountRights: return .accountRights(AccountRights(canTrade: true))
    case .prices:
      return .prices([SymbolPrice(symbol: instrument.symbol, price: Self.bid)])
    case .place(let orders):
      return .placed(
        orders.map { order in
          let orderID = "C\(requests.count)"
          requests[orderID] = order
          return .success(orderID)
        })
    case .validate: return .validated
    case .order(_, .orderID(let orderID)):
      guard let request = requests[orderID] else { break }
      return .order(Self.filled(request, orderID))
    case .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      break
    }
    return .failed(.noAnswer("not asked by an engine whose placements are all answered"))
  }

  private static func filled(_ request: OrderRequest, _ orderID: String) -> OrderReport {
    var quantity = FixedDecimal.zero
    if case .base(let base) = request.amount { quantity = base }
    let quote = request.price.flatMap { quantity.multiplied(by: $0, rounding: .down) }
    return OrderReport(
      orderID: orderID, clientOrderID: request.clientOrderID.text, symbol: request.symbol,
      side: request.side, type: request.type, price: request.price, quantity: quantity,
      executedQuantity: quantity, executedQuote: quote ?? .zero, status: .filled)
  }
}
