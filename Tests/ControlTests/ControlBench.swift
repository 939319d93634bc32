import Control
import Domain
import Foundation
import JSON
import Platform
import Store
import Synchronization
import TestKit
import Testing

/// A folder with a configuration and a database, and what stands for the daemon on its loop.
final class ControlBench {
  private let scratch: Scratch
  var folder: String { scratch.path }
  let store: OrderStore
  let loop: EventLoop
  private(set) var server: ControlServer?
  /// Commands in the order of their arrival, each waiting for its answer.
  private(set) var commands: [OperatorCommand] = []
  private(set) var pending: [(CommandAnswer) -> Void] = []
  private(set) var peers: [PeerCredentials] = []
  var status: JSONValue = ["state": "active"]
  /// The signals that were to be judged, and what is said of each.
  private(set) var judged: [String] = []
  var verdict: JSONValue = ["ok": true]
  var hasStorage = true
  /// Answers every command at once when set.
  var answer: CommandAnswer?

  var controlSocket: String { folder + "/control.sock" }
  var signalSocket: String { folder + "/signal.sock" }
  var database: String { folder + "/state.db" }
  var configuration: String { folder + "/config.json5" }

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch("state.db"))
    loop = try EventLoop()
    let folder = scratch.path
    let text = """
      {
        intake: { directory: "\(folder)/spool", socket: "\(folder)/signal.sock" },
        store: { path: "\(folder)/state.db" },
        control: { socket: "\(folder)/control.sock" },
        credentials: { file: "\(folder)/credentials" },
      }
      """
    try scratch.write("config.json5", text)
  }

  /// What the orders of signals wait for.
  var reasons: [SignalID: String] = [:]

  func listen(listSteps: Int = ControlServer.listSteps, signalBytes: Int = 256) throws {
    server = try ControlServer(
      listener: UnixListener(path: controlSocket, mode: 0o600), loop: loop,
      intake: intake(takingUpTo: signalBytes), listSteps: listSteps,
      handlers: ControlHandlers(
        status: { [unowned self] in status },
        store: { [unowned self] in hasStorage ? store.reader : nil },
        waitsFor: { [unowned self] in reasons[$0] },
        perform: { [unowned self] command, done in
          commands.append(command)
          if let answer { done(answer) } else { pending.append(done) }
        },
        expectRenewedKey: { done in done(CommandAnswer(ok: true, message: "expected")) },
        dryRun: { [unowned self] text in
          judged.append(text)
          return verdict
        },
        onPeer: { [unowned self] in peers.append($0) }))
  }

  func close() { server?.close() }

  func write(_ story: Story) throws {
    for write in story.writes { try store.write(write) }
    try store.commit()
    store.finishMarks()
  }

  /// Turns the loop until the condition holds.
  func turn(within limit: Duration = patience, until condition: () -> Bool) throws {
    try #require(try loop.turns(within: limit, until: condition), "the loop waited in vain")
  }

  /// Runs the tool on a thread of its own while this one is the daemon.
  func run(
    _ arguments: [String], standardInput: CInt = 0, answerTime: Duration = .seconds(5)
  ) throws -> ToolRun {
    let run = begin(arguments, standardInput: standardInput, answerTime: answerTime)
    try turn { run.status != nil }
    return run
  }

  /// Starts the tool on a thread of its own. What it complains about wakes the loop.
  func begin(
    _ arguments: [String], standardInput: CInt = 0, answerTime: Duration = .seconds(5)
  ) -> ToolRun {
    let run = ToolRun()
    let waker = loop.waker
    Thread.detachNewThread {
      let status = runOperator(
        arguments,
        terminal: OperatorTerminal(
          output: { run.say($0) },
          complaints: {
            run.complain($0)
            waker.post {}
          },
          standardInput: standardInput), answerTime: answerTime)
      run.end(status)
      waker.post {}
    }
    return run
  }

  /// Runs the tool with this bench's configuration.
  func tool(_ arguments: String...) throws -> ToolRun {
    try run(["--config", configuration] + arguments)
  }
}

/// A program on a Unix socket that answers every line alike.
final class LineStub {
  /// `nil` stays silent.
  var answer: String?
  private(set) var lines: [String] = []
  private var server: LineServer?

  convenience init(path: String, loop: EventLoop, answer: String?) throws {
    try self.init(UnixListener(path: path, mode: 0o600), loop: loop, answer: answer)
  }

  init(_ listener: UnixListener, loop: EventLoop, answer: String?) throws {
    self.answer = answer
    server = try LineServer(
      listener: listener, maximumLineBytes: 65_536, loop: loop,
      handlers: LineServer.Handlers(
        received: { [weak self] connection, input in
          guard let self else { return }
          switch input {
          case .line(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
          case .tooLong: lines.append("(too long)")
          case .foreign(let other): lines.append("(\(other.rawValue))")
          }
          if let answer = self.answer { server?.answer(connection, Array(answer.utf8)) }
        }))
  }

  func close() {
    server?.close()
  }
}

/// What one run of the tool said, and how it ended.
final class ToolRun: Sendable {
  private struct State {
    var output: [String] = []
    var complaints: [String] = []
    var status: ExitCode?
  }

  private let state = Mutex(State())

  var output: String { state.withLock { $0.output.joined(separator: "\n") } }
  var complaints: String { state.withLock { $0.complaints.joined(separator: "\n") } }
  var status: ExitCode? { state.withLock { $0.status } }

  /// The one JSON document on standard output.
  var document: JSONValue {
    get throws { try JSONReader.read(output, limits: .exchange) }
  }

  /// The rows of a list with `--json`.
  var items: [JSONValue] {
    get throws { try #require(document["items"]?.arrayValue) }
  }

  func say(_ text: String) { state.withLock { $0.output.append(text) } }
  func complain(_ text: String) { state.withLock { $0.complaints.append(text) } }
  func end(_ status: ExitCode) { state.withLock { $0.status = status } }
}

/// The records of one signal, grown event by event as the engine writes them.
struct Story {
  let id: SignalID
  let start: WallTime
  private(set) var writes: [StoreWrite] = []
  private var order: Order?

  /// 2026-09-25T10:11:12.345Z
  static let morning = WallTime(milliseconds: 1_790_331_072_345)

  init(
    _ id: String, symbol: String = "BTCUSDT", amount: Signal.Amount, price: String?,
    denied: (code: DecisionCode, message: String)? = nil, note: String? = nil,
    at start: WallTime = Story.morning
  ) throws {
    self.id = try #require(SignalID(id))
    self.start = start
    let signal = Signal(
      id: self.id, symbol: try #require(Symbol(exchangeText: symbol)), side: .buy,
      type: price == nil ? .market : .limit, amount: amount,
      price: try price.map { try FixedDecimal($0) }, note: note)
    let request = OrderRequest(
      clientOrderID: try #require(ClientOrderID("x-" + id)), symbol: signal.symbol,
      side: signal.side, type: signal.type, amount: amount, price: signal.price)
    let expiry = start.advanced(by: .seconds(60))
    let stated = price.map { #","price":"\#($0)""# } ?? ""
    writes.append(
      .insertSignal(
        SignalRecord(
          signalID: self.id, symbol: signal.symbol, side: signal.side, type: signal.type,
          contentDigest: [1, 2, 3], raw: Array(#"{"id":"\#(id)"\#(stated)}"#.utf8),
          origin: .file(Array("\(id).json".utf8)), receivedAt: start, expiresAt: expiry,
          clientOrderID: request.clientOrderID, decision: denied?.code ?? .accepted,
          message: denied?.message ?? "", decidedAt: start)))
    remark(
      "signal_received",
      [
        "origin": .string("file \(id).json"), "expires_at": .integer(expiry.milliseconds),
        "signal": .string(signal.canonicalText),
      ])
    if let denied {
      remark(
        "signal_denied",
        ["code": .string(denied.code.rawValue), "message": .string(denied.message)])
      return
    }
    let created = OrderEvent.created(request, reservedQuote: nil)
    let order = Order(
      key: OrderKey(signal: self.id), account: .unstated, request: request, reservedQuote: nil,
      at: start)
    self.order = order
    write(created, order, after: 0)
  }

  var request: OrderRequest {
    get throws { try #require(order).request }
  }

  mutating func remark(_ kind: String, _ detail: JSONValue, after milliseconds: Int64 = 0) {
    writes.append(
      .appendEvent(
        HistoryEvent(
          at: start.advanced(by: .milliseconds(milliseconds)), subject: .signal(id), kind: kind,
          detail: detail)))
  }

  mutating func add(_ event: OrderEvent, after milliseconds: Int64) throws {
    var order = try #require(order)
    try order.apply(event, at: start.advanced(by: .milliseconds(milliseconds)))
    self.order = order
    write(event, order, after: milliseconds)
  }

  mutating func decide(_ code: DecisionCode, _ message: String, after milliseconds: Int64) {
    writes.append(
      .updateDecision(id, code, message, at: start.advanced(by: .milliseconds(milliseconds))))
  }

  private mutating func write(_ event: OrderEvent, _ order: Order, after milliseconds: Int64) {
    writes.append(
      .appendEvent(
        HistoryEvent(
          at: start.advanced(by: .milliseconds(milliseconds)), subject: .order(order.key),
          kind: event.kind, detail: event.detail)))
    writes.append(.putOrder(order))
  }
}

// MARK: - Typical stories

extension Story {
  private static func money(_ text: String) throws -> FixedDecimal { try FixedDecimal(text) }

  private mutating func approveAndArm() throws {
    let quote = Quote(
      price: try Self.money("60010"), askedAt: start.advanced(by: .milliseconds(-120)))
    try add(
      .approved(
        OrderEvent.Approval(
          request: request, quote: quote, reservedQuote: try Self.money("60"),
          checks: PassedChecks(
            "price 60010 is 1.67 bps from the reference 60000, at most 100 allowed; "
              + "the price is 120 ms old"))), after: 0)
    try add(
      .armed(
        OrderEvent.Armament(
          attempt: 1, stampedAt: start.advanced(by: .milliseconds(7)),
          receiveWindow: .milliseconds(5_000), quote: quote)), after: 1)
  }

  private func report(
    _ status: OrderReport.Status, executed: String, quote: String
  ) throws -> OrderReport {
    OrderReport(
      orderID: "C02__1", clientOrderID: "x-\(id)", symbol: try request.symbol, side: .buy,
      type: .limit, price: try request.price, quantity: try Self.money("0.001"),
      executedQuantity: try Self.money(executed), executedQuote: try Self.money(quote),
      status: status)
  }

  static func filledLimit(_ id: String = "s-filled", at start: WallTime = morning) throws -> Story {
    var story = try Story(
      id, amount: .base(try money("0.001")), price: "60000", at: start)
    try story.approveAndArm()
    try story.add(.acknowledged(orderID: "C02__1"), after: 30)
    try story.add(
      .observed(story.report(.partiallyFilled, executed: "0.0004", quote: "24")), after: 530)
    try story.add(.observed(story.report(.filled, executed: "0.001", quote: "59.9")), after: 1_530)
    return story
  }

  static func open(_ id: String = "s-open", at start: WallTime = morning) throws -> Story {
    var story = try Story(
      id, symbol: "ETHUSDT", amount: .base(try money("0.01")), price: "2000", at: start)
    try story.approveAndArm()
    try story.add(.acknowledged(orderID: "C02__2"), after: 30)
    return story
  }

  /// What is written when the exchange says that the order is canceled.
  mutating func cancel(after milliseconds: Int64) throws {
    writes = []
    try add(.observed(report(.canceled, executed: "0", quote: "0")), after: milliseconds)
  }

  /// What is written when the signal comes again with other content.
  mutating func repeated() {
    writes = []
    remark("signal_conflict", ["origin": "socket uid 1000"], after: 90_000)
  }

  /// Armed, and nothing came back.
  static func submitted(_ id: String) throws -> Story {
    var story = try Story(id, amount: .base(try money("0.001")), price: "60000")
    try story.approveAndArm()
    return story
  }

  /// The exchange has checked its order, and placed nothing.
  static func validated(_ id: String = "s-validated") throws -> Story {
    var story = try submitted(id)
    try story.add(.validated, after: 30)
    return story
  }

  /// What is written when the request provably did not leave.
  mutating func retry(after milliseconds: Int64) throws {
    writes = []
    try add(.mayRetry("never left"), after: milliseconds)
  }

  mutating func armAgain(after milliseconds: Int64) throws {
    writes = []
    let quote = Quote(price: try Self.money("60010"), askedAt: start)
    try add(
      .armed(
        OrderEvent.Armament(
          attempt: 2, stampedAt: start, receiveWindow: .milliseconds(5_000), quote: quote)),
      after: milliseconds)
  }

  static func deniedByGuard() throws -> Story {
    var story = try Story(
      "s-guard", amount: .quote(try money("50")), price: nil, note: "type=forged\nside=sell")
    let message =
      "the current price 61000 is 166.67 bps from the reference 60000; at most 100 bps are allowed"
    try story.add(.denied(.priceDeviation, message), after: 90)
    story.decide(.priceDeviation, message, after: 90)
    return story
  }

  static func deniedAtOnce(
    message: String = "trading is halted: lunch; 'mexc-signalctl resume' resumes it"
  ) throws -> Story {
    try Story(
      "s-halted", amount: .base(try money("0.001")), price: "60000", denied: (.halted, message))
  }

  static func resolvedByHand() throws -> Story {
    var story = try Story("s-lost", amount: .base(try money("0.001")), price: "60000")
    try story.approveAndArm()
    try story.add(
      .outcomeLost("no answer: the connection was closed", .answerLost), after: 2_000)
    try story.add(
      .lookedUp(view: "order by client order id", answer: "no answer: timed out"), after: 2_500)
    for view in ["order by client order id", "open orders", "recent orders", "trades"] {
      try story.add(.lookedUp(view: view, answer: "not there"), after: 70_000)
    }
    let message = "sent once, its answer was lost, and it was never seen"
    try story.add(.notFound(message), after: 70_000)
    story.decide(.notFound, message, after: 70_000)
    story.remark("signal_conflict", ["origin": "socket uid 1000"], after: 80_000)
    try story.add(.closedByOperator("the operator says that it was never placed"), after: 90_000)
    return story
  }
}
