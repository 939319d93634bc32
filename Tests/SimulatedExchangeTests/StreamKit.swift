import Domain
import JSON
import MEXC
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// The stream face without sockets, as a client sees it.
struct StreamRig {
  static let tickers = "spot@public.aggre.bookTicker.v3.api.pb@100ms@LINKUSDT"
  static let fastTickers = "spot@public.aggre.bookTicker.v3.api.pb@10ms@LINKUSDT"
  static let orders = "spot@private.orders.v3.api.pb"
  static let deals = "spot@private.deals.v3.api.pb"
  static let balances = "spot@private.account.v3.api.pb"

  var face: SpotFace

  init(
    _ faults: StreamFaults.Rule..., change: (inout SimulatorConfiguration) -> Void = { _ in }
  ) {
    face = SpotFace.certain { configuration in
      configuration.faults = FaultPlan(streams: StreamFaults(faults))
      change(&configuration)
    }
  }

  private static func request(_ key: String?) -> WireRequest {
    WireRequest(method: "GET", path: "/ws", query: key.map { "listenKey=" + $0 } ?? "")
  }

  /// The status of an upgrade that is refused.
  mutating func refusal(_ key: String? = nil) -> Int? {
    face.streamRefusal(Self.request(key))?.status
  }

  mutating func open(_ key: String? = nil, at milliseconds: Int64 = 0) -> Int {
    face.openStream(Self.request(key), at: moment(milliseconds))
  }

  mutating func listenKey(at milliseconds: Int64 = 0) throws -> String {
    try call(.makeListenKey, at: milliseconds)
  }

  @discardableResult
  mutating func call(
    _ route: Route, key: String? = nil, at milliseconds: Int64
  ) throws -> String {
    let client = TestClient(stamp: milliseconds)
    let query = key.map { "listenKey=" + $0 } ?? ""
    return try #require(
      face.answer(client.signed(route, query), at: milliseconds)["listenKey"])
  }

  mutating func place(_ query: String, at milliseconds: Int64 = 0) {
    let client = TestClient(stamp: milliseconds)
    _ = face.answer(client.signed(.placeOrder, query), at: milliseconds)
  }

  mutating func send(_ text: String, to number: Int, at milliseconds: Int64 = 0) {
    face.receive(text, onStream: number, at: moment(milliseconds))
  }

  mutating func take(at milliseconds: Int64) -> [StreamDelivery] {
    face.streamDeliveries(at: moment(milliseconds))
  }

  /// The replies to a command; nothing else may have been due.
  mutating func reply(
    to text: String, on number: Int, at milliseconds: Int64 = 0
  ) -> [String] {
    send(text, to: number, at: milliseconds)
    return take(at: milliseconds).texts(of: number)
  }

  mutating func subscribe(
    _ number: Int, to names: String..., at milliseconds: Int64 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let list = names.map { "\"\($0)\"" }.joined(separator: ",")
    let command = #"{"method":"SUBSCRIPTION","params":[\#(list)],"id":7}"#
    let text = names.joined(separator: ",")
    #expect(
      reply(to: command, on: number, at: milliseconds)
        == [#"{"id":7,"code":0,"msg":"\#(text)"}"#], sourceLocation: sourceLocation)
  }

  /// An account's connection to all of its channels.
  mutating func openAccount() throws -> Int {
    let number = open(try listenKey())
    subscribe(number, to: Self.orders, Self.deals, Self.balances)
    return number
  }

  /// What is sent from then on, at every moment at which the face says that something is due.
  mutating func live(from start: Int64, until end: Int64) -> [(at: Int64, StreamDelivery)] {
    var seen: [(at: Int64, StreamDelivery)] = []
    var now = start
    while now <= end {
      seen += take(at: now).map { (now, $0) }
      guard let due = face.streamsDue(at: moment(now)) else { break }
      // Later than now, and in whole milliseconds.
      now = max(now + 1, due.since(moment().monotonic).wholeMilliseconds)
    }
    return seen
  }

  mutating func pushes(from start: Int64, until end: Int64) -> [(at: Int64, StreamEvent)] {
    live(from: start, until: end).compactMap { at, delivery in delivery.event.map { (at, $0) } }
  }
}

extension StreamDelivery {
  var event: StreamEvent? {
    if case .binary(let bytes) = action { StreamEvent(bytes) } else { nil }
  }

  var closeCode: WebSocketCloseCode? {
    if case .close(let code, _) = action { code } else { nil }
  }
}

extension [StreamDelivery] {
  func texts(of number: Int) -> [String] {
    compactMap { delivery in
      guard delivery.connection == number, case .text(let text) = delivery.action else {
        return nil
      }
      return text
    }
  }

  /// The connections that are closed, with the code.
  var closed: [Int: WebSocketCloseCode] {
    Dictionary(
      compactMap { delivery in delivery.closeCode.map { (delivery.connection, $0) } },
      uniquingKeysWith: { first, _ in first })
  }
}

extension StreamEvent {
  var bid: FixedDecimal? {
    if case .topOfBook(_, let top) = self { top.bid } else { nil }
  }

  var order: OrderReport? {
    if case .order(let report) = self { report } else { nil }
  }

  var trade: TradeReport? {
    if case .trade(let report) = self { report } else { nil }
  }

  var balance: BalanceChange? {
    if case .balance(let change) = self { change } else { nil }
  }
}
