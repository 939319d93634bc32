import Domain
import JSON
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

/// The prices that the exchange told when it was asked for them, and when that was.
struct AskedPrices {
  private struct Asked {
    /// By what the machine's clock said, milliseconds.
    let walls: [Int64]
    let at: Int64
  }

  /// Milliseconds.
  private static let longestCommit: Int64 = 3_001

  /// The last request of each spelling: one alone is under way.
  private var underWay: [String: Asked] = [:]
  private var answers: [String: [(price: FixedDecimal, asked: Asked)]] = [:]

  mutating func sent(_ call: WireCall, _ world: World) {
    guard call.wire.path == "/api/v3/ticker/price" else { return }
    let wall = world.machineNow.wall.milliseconds
    // Or decided on before the clock was set in the same turn.
    underWay[call.wire.query] = Asked(
      walls: [wall, wall - world.clockShiftInTurn], at: world.time)
  }

  mutating func answered(_ call: WireCall, _ response: HTTPResponse) {
    guard call.wire.path == "/api/v3/ticker/price", let asked = underWay[call.wire.query],
      let body = try? JSONReader.read(response.body, limits: .exchange)
    else { return }
    for row in body.arrayValue ?? [body] {
      guard let symbol = row["symbol"]?.stringValue, let price = row["price"]?.decimalValue
      else { continue }
      answers[symbol, default: []].append((price: price, asked: asked))
    }
  }

  /// Those that were asked for in this time.
  func told(of symbol: Symbol, in span: ClosedRange<Int64>) -> [FixedDecimal] {
    answers[symbol.text, default: []].filter { span.contains($0.asked.at) }.map(\.price)
  }

  func highest(of symbol: Symbol) -> FixedDecimal? {
    answers[symbol.text, default: []].map(\.price).max()
  }

  /// When the request left that brought this price of the symbol. It may have waited for a commit since
  /// it was decided on, which is when the quote's age begins.
  func sentAt(of quote: Quote, for symbol: Symbol, _ world: World) -> Int64? {
    let told = answers[symbol.text, default: []].filter { $0.price == quote.price }
    let decided = quote.askedAt.milliseconds
    if let exact = told.last(where: { $0.asked.walls.contains(decided) }) { return exact.asked.at }
    let waits = decided...(decided + Self.longestCommit)
    let near = told.filter { row in row.asked.walls.contains { waits.contains($0) } }
    let times = near.map { $0.asked.at }
    // A clock that was set back tells the same time twice.
    return world.clockSteps == 0 ? times.min() : times.max()
  }
}
