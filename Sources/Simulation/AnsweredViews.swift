import Domain
import SimulatedExchange
import Transport

/// The views of the exchange that could show an order, and when each was last asked with success.
struct AnsweredViews {
  /// When a request left whose answer was a well-formed list or "not there", by view and subject.
  private var views: [String: Int64] = [:]
  private var sentAt: [String: Int64] = [:]

  mutating func sent(_ call: WireCall, at time: Int64) {
    if Self.isView(call) { sentAt[Self.name(call)] = time }
  }

  mutating func answered(_ call: WireCall, _ response: HTTPResponse) {
    guard Self.isView(call) else { return }
    let text = String(decoding: response.body.prefix(64), as: UTF8.self)
    let saysSomething = text.hasPrefix("[") || text.contains("-2013") || text.contains("-2011")
    if saysSomething, let sent = sentAt[Self.name(call)] { views[Self.name(call)] = sent }
  }

  /// When the last request left that was answered; long ago when there was none.
  func lastSent(_ view: String) -> Int64 { views[view] ?? .min }

  private static func isView(_ call: WireCall) -> Bool {
    guard call.wire.method == "GET" else { return false }
    return switch call.wire.path {
    case "/api/v3/order": call.clientOrderID != nil
    case "/api/v3/openOrders", "/api/v3/allOrders", "/api/v3/myTrades": true
    default: false
    }
  }

  private static func name(_ call: WireCall) -> String { "\(call.wire.path) \(call.subject)" }
}

/// When each price was asked for.
struct AskedPrices {
  /// Milliseconds.
  private static let longestCommit: Int64 = 3_001

  /// By what the machine's clock said then.
  private var asked: [Int64: Int64] = [:]

  mutating func sent(_ call: WireCall, _ world: World) {
    guard call.wire.path == "/api/v3/ticker/price" else { return }
    let wall = world.machineNow.wall.milliseconds
    asked[wall] = world.time
    // Decided on before the clock was set in the same turn.
    asked[wall - world.clockShiftInTurn] = world.time
  }

  /// When the request left that brought this price. It may have waited for a commit since it was
  /// decided on, which is when the quote's age begins.
  func sentAt(of quote: Quote, _ world: World) -> Int64? {
    let decided = quote.askedAt.milliseconds
    let waits = decided...(decided + Self.longestCommit)
    if let time = asked[decided] { return time }
    let times = asked.filter { waits.contains($0.key) }.values
    // A clock that was set back tells the same time twice.
    return world.clockSteps == 0 ? times.min() : times.max()
  }
}
