import Daemon
import Domain
import MEXC
import Matching
import Platform
import SimulatedExchange
import Transport

/// The way to the simulated exchange and back: loses, delays, cuts and garbles, and stands in for the
/// exchange's front, which throttles and bans without a reason.
final class SimulatedNetwork {
  let credentials: MEXC.Credentials
  let world: World
  let oracle: Oracle
  var face: SpotFace
  private var travel: SplitMix64
  private var visibility: SplitMix64
  /// Until when the front turns everything away.
  private var closedUntil: Int64 = 0
  private var closedByBan = false
  /// Whether the exchange's present pause or ban came of what the daemon could not know.
  private var closureIsExcused = false
  /// A request that was on its way for long came in; the windows do not fit what was sent then.
  private var lastLate: Int64 = -60 * second
  private var ordersSeen = 0
  /// Requests that came as far as the exchange's front.
  private(set) var arrived = 0
  /// Looks at one symbol that fail, until when, and how.
  var broken: BrokenLooks?

  init(_ world: World, _ oracle: Oracle) {
    self.world = world
    self.oracle = oracle
    var configuration = SimulatorConfiguration()
    configuration.seed = world.scenario.seed
    configuration.listings = Self.listings
    configuration.rules.acknowledgementLag = .zero
    configuration.rules.laggingPercent = 0
    configuration.rules.partialPercent = world.dials.partialPercent
    configuration.rules.thinPercent = world.dials.partialPercent
    configuration.limits.ipWeight = world.dials.ipWeight
    configuration.limits.uidWeight = world.dials.uidWeight
    configuration.limits.ordersPerSecond = world.dials.ordersPerSecond
    configuration.timeOffset = world.dials.exchangeOffset
    face = SpotFace(configuration, at: world.exchangeNow)
    travel = world.stream("travel")
    visibility = world.stream("visibility")
    credentials = Self.demoCredentials()
  }

  static let listings = Array(Listing.standard.prefix(3))

  private static func demoCredentials() -> MEXC.Credentials {
    do throws(MEXC.Credentials.ShapeError) {
      return try MEXC.Credentials(
        apiKey: Secret(copying: Array(SimulatorConfiguration.demoKey.utf8)),
        secret: Secret(copying: Array(SimulatorConfiguration.demoSecret.utf8)))
    } catch { fatalError("the documented pair has the right shape") }
  }

  /// Stops the market's walk, so that the end of a run holds still.
  func freezeMarket() {
    _ = face.receive(
      WireRequest(method: "POST", path: "/__admin/freeze", query: "frozen=true"),
      at: world.exchangeNow)
  }

  func price(of symbol: Symbol) -> FixedDecimal? { face.exchange.price(of: symbol) }

  func way() -> Int64 {
    if world.happens(.slowNetwork) {
      return Int64(world.below(5_000, for: .slowNetwork)) * millisecond
    }
    let mean = world.dials.travel
    return Int64(mean / 2 + travel.below(mean))
  }

  /// A frame's way: what it draws is the streams' own.
  func streamWay(_ fate: inout SplitMix64) -> Int64 {
    Int64(world.dials.travel / 2 + fate.below(world.dials.travel))
  }

  // MARK: At the exchange

  /// A request arrives. `wasHeld` when it was on its way for longer than its sender waited, or lived
  /// and anybody could know.
  func arrive(_ call: WireCall, wasHeld: Bool) -> HTTPResponse {
    arrived += 1
    if let refusal = front(call) { return refusal }
    if wasHeld { lastLate = world.time }
    if let refusal = plainRefusal(of: call) { return refusal }
    let before = face.admission.throttled + face.admission.banned
    let wasClosed = face.admission.isClosed(at: world.exchangeNow.monotonic)
    let funds = face.exchange.wallet
    let response = face.process(call.wire, hiding: hiding(call), at: world.exchangeNow)
    if world.dials.isFaultless {
      oracle.poolUse.arrived(call, at: world.time)
      oracle.refusals.took(call, response, oracle.wishes, face.exchange, before: funds)
    }
    let throttled = face.admission.throttled + face.admission.banned > before
    world.note("at the exchange", call.subject, "\(call.name) \(response.status)")
    if throttled {
      // A ban lasts longer than what excuses its cause, and the answer that told of it may be lost.
      closureIsExcused =
        wasClosed && closureIsExcused || world.time - lastLate <= 10 * second
        || oracle.pools.isExcused(at: world.time)
      if !closureIsExcused {
        world.fail(
          .weightsWithinPools, call.subject, "\(call.name) was more than the exchange's pools allow"
        )
      }
    }
    noteNewOrders()
    oracle.refusedAtExchange(call.refusedOrders(by: response))
    return odd(response, to: call)
  }

  private func noteNewOrders() {
    let orders = face.exchange.orders
    while ordersSeen < orders.count {
      oracle.accepted(orders[ordersSeen])
      ordersSeen += 1
    }
  }

  private func hiding(_ call: WireCall) -> FaultPlan.Hiding? {
    guard call.isPlacement, world.happens(.hiddenOrder) else { return nil }
    switch world.below(world.dials.hidesLong ? 5 : 3, for: .hiddenOrder) {
    case 0: return .forDuration(.milliseconds(50))
    case 1: return .forDuration(.milliseconds(world.below(5_000, for: .hiddenOrder)))
    case 2: return .forDuration(.milliseconds(world.below(60_000, for: .hiddenOrder)))
    default: return .forDuration(.milliseconds(world.below(600_000, for: .hiddenOrder)))
    }
  }

  /// 429 and 418 that no weight explains.
  private func front(_ call: WireCall) -> HTTPResponse? {
    if world.time < closedUntil {
      oracle.refusedAtExchange(call.placedOrders.map(\.name))
      return throttled(for: closedUntil - world.time)
    }
    if world.happens(.throttle) {
      closedByBan = false
      closedUntil = world.time + Int64(1 + world.below(8, for: .throttle)) * second
    } else if world.happens(.ban) {
      closedByBan = true
      closedUntil = world.time + Int64(120 + world.below(120, for: .ban)) * second
    } else {
      return nil
    }
    oracle.refusedAtExchange(call.placedOrders.map(\.name))
    return throttled(for: closedUntil - world.time)
  }

  private func throttled(for wait: Int64) -> HTTPResponse {
    let seconds = max(1, (wait + second - 1) / second)
    let status = closedByBan ? 418 : 429
    return HTTPResponse(
      status: status,
      headers: [
        ("Content-Type", "application/json;charset=utf-8"), ("Retry-After", String(seconds)),
      ], body: Array("{\"code\":\(status),\"msg\":\"Too Many Requests\"}".utf8))
  }
}

/// A request on the wire, read as far as the simulation needs it.
struct WireCall {
  let wire: WireRequest
  let parameters: [(name: Substring, value: Substring)]

  init(_ request: HTTPRequest) {
    let halves = request.target.split(separator: "?", maxSplits: 1)
    let query = halves.count > 1 ? halves[1] : ""
    wire = WireRequest(
      method: request.method.rawValue, path: String(halves[0]), query: String(query),
      headers: request.headers, body: request.body)
    parameters = query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1)
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
  }

  subscript(name: String) -> String? {
    parameters.first { $0.name == name[...] }.map { String($0.value) }
  }

  var name: String { "\(wire.method) \(wire.path)" }
  var isPlacement: Bool { isSinglePlacement || isBatch }
  var isSinglePlacement: Bool { wire.method == "POST" && wire.path == "/api/v3/order" }
  var isBatch: Bool { wire.method == "POST" && wire.path == "/api/v3/batchOrders" }
  var clientOrderID: String? {
    isSinglePlacement ? self["newClientOrderId"] : self["origClientOrderId"]
  }
  var subject: String { clientOrderID ?? self["orderId"] ?? self["symbol"] ?? "" }
}

/// The HTTP client's place: one request after another, each with its own fate.
final class SimulatedCarrier: RequestCarrier {
  private let network: SimulatedNetwork
  private let process: SimulatedProcess
  private let world: World
  private let gateway: ToyGateway?
  private var isClosed = false

  /// As the HTTP client's: so long an answer may take (`HTTPClient.Configuration`).
  private static let deadline = 10 * second

  init(_ network: SimulatedNetwork, _ process: SimulatedProcess) {
    self.network = network
    self.process = process
    world = network.world
    gateway = world.scenario.venue.gateway(network.credentials)
  }

  func start() {}
  func close() { isClosed = true }
  /// A connection is always at hand: nothing ever waits for one.
  func withdrawWaiting(_ kind: HTTPClient.Kind?) {}

  /// What becomes of one request, once.
  private final class Exchange {
    var completion: HTTPClient.Completion?

    init(_ completion: @escaping HTTPClient.Completion) {
      self.completion = completion
    }
  }

  /// A connection is always at hand, so that no request waits for its deadline.
  func send(
    _ request: HTTPRequest, _ kind: HTTPClient.Kind, before deadline: MonotonicTime?,
    completion: @escaping HTTPClient.Completion
  ) {
    let inward = gateway?.inward(request) ?? request
    let call = WireCall(process.plant?.alter(inward) ?? inward)
    let exchange = Exchange { [gateway] result in
      completion(result.map { gateway?.outward($0, to: request) ?? $0 })
    }
    if world.happens(.connectionRefused) {
      world.note("not sent", call.subject, call.name)
      return fail(
        exchange, .notSent, .connect,
        in: Int64(world.below(2_000, for: .connectionRefused)) * millisecond)
    }
    process.oracle.leaves(call, life: process.life)
    world.note("leaves", call.subject, call.name)
    // The answer's time runs out whatever happens.
    fail(exchange, .perhapsSent, .firstByte, in: Self.deadline)
    travel(call, exchange)
  }

  private func travel(_ call: WireCall, _ exchange: Exchange) {
    if world.happens(.requestLost) {
      world.note("lost on its way", call.subject, call.name)
      if process.plant == .hiddenResend { return again(call, exchange) }
      let wait = world.below(2, for: .requestLost) == 0 ? Self.deadline : 200 * millisecond
      return fail(exchange, .perhapsSent, .firstByte, in: wait)
    }
    if world.happens(.errorBefore) {
      return answer(
        exchange, call, .success(Self.serverError), in: network.way() + network.way())
    }
    if world.happens(.firewall) {
      return answer(exchange, call, .success(Self.firewallPage), in: 2 * network.way())
    }
    var way = network.way()
    var isHeld = false
    if world.happens(.requestHeld) {
      way += Int64(world.below(30_000, for: .requestHeld)) * millisecond
      isHeld = way > Self.deadline
      world.note("held on its way", call.subject, call.name)
    }
    if call.isPlacement && world.happens(.requestCopied) { copy(call) }
    world.plan(in: way) { [self] in
      let isOrphan = !process.isAlive && way > 500 * millisecond
      let response = network.arrive(call, wasHeld: isHeld || isOrphan)
      comeBack(response, call, exchange)
    }
  }

  /// A second copy that comes after every receive window: the exchange must turn it away.
  private func copy(_ call: WireCall) {
    let delay =
      world.dials.receiveWindow.wholeNanoseconds + second
      + Int64(world.below(60_000, for: .requestCopied)) * millisecond
    world.plan(in: delay) { [network] in _ = network.arrive(call, wasHeld: true) }
  }

  private func again(_ call: WireCall, _ exchange: Exchange) {
    process.oracle.leaves(call, life: process.life)
    world.plan(in: network.way()) { [self] in
      comeBack(network.arrive(call, wasHeld: false), call, exchange)
    }
  }

  private func comeBack(_ response: HTTPResponse, _ call: WireCall, _ exchange: Exchange) {
    let way = network.way()
    if world.happens(.replyLost) {
      world.note("its answer is lost", call.subject, call.name)
      if process.plant == .hiddenResend && !isClosed { return again(call, exchange) }
      let wait = world.below(2, for: .replyLost) == 0 ? Self.deadline : way
      return fail(exchange, .perhapsSent, .firstByte, in: wait)
    }
    if world.happens(.replyCut) {
      world.note("its answer is cut", call.subject, call.name)
      return fail(exchange, .perhapsSent, .body, in: way)
    }
    if world.happens(.errorAfter) {
      return answer(exchange, call, .success(Self.serverError), in: way)
    }
    if process.plant == .retryOnMissing, response.status == 400, call.wire.method == "GET",
      let placement = process.oracle.lastPlacement(of: call.clientOrderID)
    {
      process.oracle.leaves(placement, life: process.life)
      _ = network.arrive(placement, wasHeld: false)
    }
    answer(exchange, call, .success(garbled(response)), in: way)
  }

  private func garbled(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    if response.status == 429 || response.status == 418 { return response }
    if world.happens(.garbage) {
      let count = 1 + world.below(40, for: .garbage)
      response.body = (0..<count).map { _ in UInt8(world.below(256, for: .garbage)) }
    } else if world.happens(.htmlPage) {
      response.status = 502
      response.body = Array("<html><body>Bad Gateway</body></html>".utf8)
    } else if world.happens(.emptyAnswer) {
      response.status = 200
      response.body = []
    } else if world.happens(.wrongEcho) {
      let text = String(decoding: response.body, as: UTF8.self)
      response.body = Array(
        text.split(separator: "USDT", omittingEmptySubsequences: false)
          .joined(separator: "USDC").utf8)
    }
    return response
  }

  // MARK: Ends

  private func answer(
    _ exchange: Exchange, _ call: WireCall, _ result: Result<HTTPResponse, TransportError>,
    in delay: Int64
  ) {
    world.plan(in: delay) { [self] in
      guard let completion = exchange.completion, process.isAlive, !isClosed else { return }
      exchange.completion = nil
      if case .success(let response) = result {
        world.note("answer", call.subject, "\(call.name) \(response.status)")
        process.oracle.answered(call, response, life: process.life)
      }
      completion(result)
    }
  }

  private func fail(
    _ exchange: Exchange, _ progress: TransportError.Progress, _ phase: TransportError.Phase,
    in delay: Int64
  ) {
    world.plan(in: delay) { [self] in
      guard let completion = exchange.completion, process.isAlive, !isClosed else { return }
      exchange.completion = nil
      world.note("no answer", "", "\(phase.rawValue)")
      completion(
        .failure(TransportError(progress, phase, .deadline, endpoint: "https://simulated")))
    }
  }

  private static let serverError = HTTPResponse(
    status: 503, headers: [("Content-Type", "application/json")],
    body: Array("{\"code\":503,\"msg\":\"Unknown error\"}".utf8))

  private static let firewallPage = HTTPResponse(
    status: 403, headers: [("Content-Type", "text/html")],
    body: Array("<HTML><BODY><H1>Access Denied</H1></BODY></HTML>".utf8))
}
