import Daemon
import Domain
import Execution
import JSON
import MEXC
import Platform
import TestKit
import Transport

/// The streams over real sockets to a server that does what the test says, on a clock that only the
/// test moves.
final class StreamRig {
  /// A connection as the server sees it.
  final class Socket {
    let target: String
    let peer: WebSocketPeer
    private(set) var texts: [String] = []
    private(set) var hasEnded = false
    fileprivate var onText: (String) -> Void = { _ in }

    fileprivate init(_ peer: WebSocketPeer, _ target: String) {
      self.peer = peer
      self.target = target
      peer.onEvent = { [weak self] event in
        switch event {
        case .text(let text):
          self?.texts.append(text)
          self?.onText(text)
        case .closed: self?.hasEnded = true
        case .opened, .binary: break
        }
      }
    }

    /// The channels of each command of this method, in order.
    func commands(_ method: String) -> [[String]] {
      texts.compactMap { (text: String) -> [String]? in
        guard let command = try? JSONReader.read(text), command["method"]?.stringValue == method
        else { return nil }
        return command["params"]?.arrayValue?.compactMap(\.stringValue) ?? []
      }
    }

    var subscribed: [String] { commands("SUBSCRIPTION").flatMap(\.self) }
    var pings: Int { commands("PING").count }
  }

  let loop: EventLoop
  private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
  private(set) var sockets: [Socket] = []
  private(set) var inputs: [Input] = []
  private(set) var log: [LogEntry] = []
  /// Attempts to upgrade, those that were refused included.
  private(set) var attempts = 0
  /// Every upgrade is answered with this status.
  var refusal: Int?
  var retryAfter: String?
  var date: String?
  /// Channels that are not pushed.
  var refused: Set<String> = []
  var answers = true
  var answersPings = true
  private(set) var streams: ExchangeStreams?
  private var server: HTTPServer?
  private static let wall = WallTime(milliseconds: 1_790_000_000_000)

  init(_ change: (inout StreamTimes) -> Void = { _ in }) throws {
    let clock = Box()
    loop = try EventLoop(clock: { clock.rig?.read() ?? MonotonicTime(nanoseconds: 0) })
    clock.rig = self
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { [weak self] request, responder in
      self?.receive(request, responder)
    }
    self.server = server
    var times = StreamTimes()
    change(&times)
    let line = StreamLine(
      loop: loop, endpoint: try Endpoint(webSocket: "ws://127.0.0.1:\(server.port)/ws"), tls: nil,
      userAgent: "test", times: times, jitter: Jitter(seed: 7)
    ) { [weak self] in self?.log.append($0) }
    let streams = ExchangeStreams(line: line, interval: .hundredMilliseconds) { [unowned self] in
      moment
    }
    streams.onInput = { [weak self] in self?.inputs.append($0) }
    self.streams = streams
  }

  /// What the next reading of the clock takes; each one after it takes half as long.
  var readingCost = Duration.zero

  private func read() -> MonotonicTime {
    now = now.advanced(by: readingCost)
    readingCost /= 2
    return now
  }

  private final class Box {
    weak var rig: StreamRig?
  }

  var moment: Moment {
    Moment(
      wall: Self.wall.advanced(by: now.since(MonotonicTime(nanoseconds: 1_000_000_000_000))),
      monotonic: now)
  }

  private func receive(_ request: ReceivedRequest, _ responder: Responder) {
    attempts += 1
    if let refusal {
      let headers = [("Retry-After", retryAfter), ("Date", date)]
      return responder.respond(
        refusal, headers: headers.compactMap { name, value in value.map { (name, $0) } })
    }
    guard let peer = responder.upgrade(request) else { return }
    let socket = Socket(peer, request.path + (request.query.map { "?" + $0 } ?? ""))
    socket.onText = { [weak self, weak socket] text in
      if let socket { self?.answer(text, on: socket) }
    }
    sockets.append(socket)
  }

  /// As the exchange does: code 0 always, and the list given back when everything is granted.
  private func answer(_ text: String, on socket: Socket) {
    guard let command = try? JSONReader.read(text) else { return }
    if command["method"] == "PING" {
      if answersPings { socket.peer.send(text: #"{"id":0,"code":0,"msg":"PONG"}"#) }
      return
    }
    guard answers, let id = command["id"] else { return }
    let names = (command["params"]?.arrayValue ?? []).compactMap(\.stringValue)
    let isRefused = !refused.isDisjoint(with: names)
    let list = names.joined(separator: ",")
    let message =
      isRefused ? "Not Subscribed successfully! [\(list)].  Reason： Blocked! " : list
    let reply: JSONValue = ["id": id, "code": 0, "msg": .string(message)]
    socket.peer.send(text: reply.compactText())
  }

  // MARK: Time

  /// Lets time pass in steps, and everything happen that it brings about.
  func pass(_ duration: Duration, step: Duration = .milliseconds(50)) throws {
    let end = now.advanced(by: duration)
    while now < end {
      now = min(end, now.advanced(by: step))
      try settle()
    }
  }

  /// Time passes while nothing is read: the daemon is stopped.
  func freeze(_ duration: Duration) { now = now.advanced(by: duration) }

  /// What is ready and what is due.
  func settle() throws {
    for _ in 0..<3 { try loop.turn(until: now) }
  }

  /// Waits for what needs no time of the rig's clock to pass.
  func until(_ what: String, _ condition: () -> Bool) throws {
    let end = deadline(after: patience)
    while !condition() {
      guard Clock.monotonic() < end else {
        throw TimeUp(what, log.map(\.message).joined(separator: "\n"))
      }
      try loop.turn(until: now.advanced(by: .milliseconds(1)))
    }
  }

  // MARK: What is seen

  func socket(_ number: Int) throws -> Socket {
    try until("connection \(number)") { sockets.count > number }
    return sockets[number]
  }

  func status(_ name: String) -> [StreamStatus] {
    (streams?.status(at: moment) ?? []).filter { $0.name == name }
  }

  func isOpen(_ name: String) -> Bool { status(name).allSatisfy { $0.state == .open } }

  var prices: [(symbol: Symbol, price: MarketPrice)] {
    inputs.compactMap {
      if case .price(let symbol, let price) = $0 { (symbol, price) } else { nil }
    }
  }

  var events: [AccountStreamEvent] {
    inputs.compactMap { if case .accountStream(let event) = $0 { event } else { nil } }
  }

  func lines(_ text: String) -> [LogEntry] { log.filter { $0.message.contains(text) } }

  static func channel(_ symbol: String) -> String {
    "spot@public.aggre.bookTicker.v3.api.pb@100ms@\(symbol)"
  }

  /// A push of best prices that was sent so long ago.
  func push(
    _ symbol: String, bid: String, ask: String, sentBefore age: Duration = .zero, on socket: Socket
  ) {
    let sent = moment.wall.advanced(by: .zero - age).milliseconds
    var body = Protobuf()
    for (number, text) in [(1, bid), (2, "1"), (3, ask), (4, "1")] { body.text(number, text) }
    var frame = Protobuf()
    frame.text(1, Self.channel(symbol))
    frame.text(3, symbol)
    frame.number(6, sent)
    frame.message(315, body.bytes)
    socket.peer.send(binary: frame.bytes)
  }

  static let balances = "spot@private.account.v3.api.pb"

  func pushBalance(_ asset: String, free: String, frozen: String, on socket: Socket) {
    var body = Protobuf()
    for (number, text) in [(1, asset), (3, free), (5, frozen)] { body.text(number, text) }
    var frame = Protobuf()
    frame.text(1, Self.balances)
    frame.message(307, body.bytes)
    socket.peer.send(binary: frame.bytes)
  }
}

/// Protobuf by hand.
private struct Protobuf {
  private(set) var bytes: [UInt8] = []

  mutating func text(_ number: Int, _ text: String) { message(number, Array(text.utf8)) }

  mutating func message(_ number: Int, _ message: [UInt8]) {
    varint(UInt64(number << 3 | 2))
    varint(UInt64(message.count))
    bytes += message
  }

  mutating func number(_ number: Int, _ value: Int64) {
    varint(UInt64(number << 3))
    varint(UInt64(bitPattern: value))
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F | 0x80))
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
