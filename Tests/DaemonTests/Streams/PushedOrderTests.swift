import Daemon
import Domain
import Execution
import Testing
import Transport

/// The stream of the account's orders: when the engine may rely on it, and its key.
@Suite struct PushedOrderTests {
  private static let target = "?listenKey=abcdef0123456789abcdef0123456789"
  private static let needed = ["spot@private.orders.v3.api.pb", "spot@private.deals.v3.api.pb"]
  private static let channels = needed + [StreamRig.balances]

  private func connect(_ rig: StreamRig, _ target: String = target) {
    rig.streams?.connectAccount(at: target)
  }

  @Test func `it is relied on once orders and deals are granted`() throws {
    let rig = try StreamRig()
    rig.answers = false
    connect(rig)
    let socket = try rig.socket(0)
    #expect(socket.target == "/ws" + Self.target)
    try rig.until("a command") { socket.subscribed == Self.channels }
    try rig.pass(.seconds(1))
    #expect(rig.events.isEmpty)
    socket.peer.send(
      text: #"{"id":1,"code":0,"msg":"\#(Self.channels.joined(separator: ","))"}"#)
    try rig.until("the word") { rig.events == [.opened] }
    #expect(rig.isOpen("account"))
  }

  @Test(arguments: needed) func `it is not relied on while one of them is refused`(
    _ channel: String
  ) throws {
    let rig = try StreamRig()
    rig.refused = [channel]
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the end") { socket.hasEnded }
    #expect(rig.events.isEmpty)
    #expect(rig.lines(channel).count == 1)
    try rig.pass(.seconds(59), step: .seconds(1))
    #expect(rig.attempts == 1)
  }

  /// The API key may read orders, and not what the account holds.
  @Test func `it is relied on without balances`() throws {
    let rig = try StreamRig()
    rig.refused = [StreamRig.balances]
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    #expect(rig.status("account").map(\.subscriptions) == [2])
    #expect(rig.status("account").map(\.refused) == [1])
    #expect(rig.lines(StreamRig.balances).map(\.level) == [.notice])
    try rig.pass(.seconds(120), step: .seconds(1))
    #expect(!socket.hasEnded && rig.attempts == 1)
  }

  @Test func `a balance is told as what the account holds, exactly`() throws {
    let rig = try StreamRig()
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    rig.pushBalance("USDT", free: "21.94210356004384", frozen: "0.000000000000000001", on: socket)
    let balance = AccountStreamEvent.balance(
      asset: "USDT", free: try FixedDecimal("21.94210356004384"),
      frozen: try FixedDecimal("0.000000000000000001"))
    try rig.until("the balance") { rig.events == [.opened, balance] }
  }

  /// No order is in doubt because of it.
  @Test func `a balance that cannot be read is of its asset alone`() throws {
    let rig = try StreamRig()
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    rig.pushBalance("USDT", free: "much", frozen: "0", on: socket)
    try rig.until("the word") { rig.events == [.opened, .balanceUnreadable(asset: "USDT")] }
    #expect(rig.lines("a balance that is not understood").map(\.level) == [.notice])
  }

  @Test func `a lost connection is told, made again, and told again`() throws {
    let rig = try StreamRig()
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    socket.peer.reset()
    try rig.until("the loss") { rig.events.count == 2 }
    guard case .lost = rig.events[1] else { return #expect(rig.events[1] == .opened) }
    try rig.pass(.milliseconds(350))
    try rig.until("the word") { rig.events.last == .opened }
    #expect(rig.sockets[1].target == socket.target)
  }

  @Test func `a dead key is told, and nothing is tried before there is another one`() throws {
    let rig = try StreamRig()
    rig.answers = false
    connect(rig)
    try rig.socket(0).peer.send(text: "Invalid listen key")
    try rig.until("the word") { rig.events == [.keyRefused] }
    try rig.pass(.seconds(120), step: .seconds(1))
    #expect(rig.attempts == 1)
    rig.answers = true
    connect(rig, "?listenKey=another-key")
    #expect(try rig.socket(1).target == "/ws?listenKey=another-key")
    try rig.until("the word") { rig.events == [.keyRefused, .opened] }
  }

  @Test func `keys that die at once are not asked for without a pause`() throws {
    let rig = try StreamRig()
    rig.answers = false
    // 0.25 s, and twice as long each time, more or less.
    for (number, pause) in [0, 320, 640, 1_260, 2_520, 5_020].enumerated() {
      connect(rig, "?listenKey=key-number-\(number)")
      try rig.pass(.milliseconds(pause))
      try rig.socket(number).peer.send(text: "Invalid listen key")
      try rig.until("the word") { rig.events.count == number + 1 }
    }
    connect(rig, "?listenKey=the-last-one")
    try rig.pass(.seconds(5))
    #expect(rig.attempts == 6)
  }

  @Test func `keys that die at once are not tried without a pause beside what stands`() throws {
    let rig = try StreamRig()
    connect(rig)
    let former = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    rig.answers = false
    connect(rig, "?listenKey=key-number-1")
    try rig.socket(1).peer.send(text: "Invalid listen key")
    try rig.until("the word") { rig.events == [.opened, .keyRefused] }
    for number in 2...4 {
      connect(rig, "?listenKey=key-number-\(number)")
      try rig.pass(.milliseconds(50))
    }
    #expect(rig.attempts == 2)
    #expect(!former.hasEnded)
    rig.answers = true
    try rig.pass(.seconds(2))
    try rig.until("the former one's end") { former.hasEnded }
    #expect(rig.sockets.last?.target == "/ws?listenKey=key-number-4")
  }

  @Test func `three connections that the exchange ends at once are taken for a dead key`() throws {
    let rig = try StreamRig()
    rig.answers = false
    connect(rig)
    for number in 0..<3 {
      #expect(rig.events.isEmpty)
      try rig.socket(number).peer.close(.policyViolation)
      try rig.until("a pause") { rig.status("account")[0].state != .connecting }
      try rig.pass(.seconds(2))
    }
    #expect(rig.events == [.keyRefused])
    try rig.pass(.seconds(60), step: .seconds(1))
    #expect(rig.attempts == 3)
  }

  @Test func `another key takes over without a gap`() throws {
    let rig = try StreamRig()
    connect(rig)
    let former = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    connect(rig, "?listenKey=another-key")
    try rig.until("the former one's end") { former.hasEnded }
    #expect(rig.events == [.opened, .opened])
    #expect(rig.sockets[1].target == "/ws?listenKey=another-key")
  }

  @Test func `a renewed connection is told, so that every order is looked at`() throws {
    let rig = try StreamRig { $0.renewal = .seconds(8)...(.seconds(10)) }
    connect(rig)
    try rig.until("the word") { rig.events == [.opened] }
    try rig.pass(.seconds(11))
    try rig.until("the word") { rig.events == [.opened, .opened] }
    #expect(rig.sockets[1].target == "/ws" + Self.target)
  }

  @Test func `what cannot be read is told once a minute, and told to the engine each time`() throws
  {
    let rig = try StreamRig()
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    for count in 1...5 { socket.peer.send(binary: [UInt8](repeating: 0xFF, count: count)) }
    try rig.until("five of them") { rig.events.count == 6 }
    #expect(rig.events.dropFirst().allSatisfy { $0 == .notUnderstood })
    let lines = rig.lines("not understood")
    #expect(lines.map(\.level) == [.notice, .debug, .debug, .debug, .debug])
  }

  @Test func `the key is in no line and no status`() throws {
    let rig = try StreamRig()
    let key = String(Self.target.dropFirst("?listenKey=".count))
    connect(rig)
    let socket = try rig.socket(0)
    try rig.until("the word") { rig.events == [.opened] }
    socket.peer.send(text: "who is \(key)?")
    socket.peer.close(.policyViolation, reason: "no \(key)")
    try rig.until("the loss") { rig.events.count == 2 }
    let said = "\(rig.log) \(rig.events) \(rig.status("account"))"
    #expect(rig.lines("not understood").count == 1)
    #expect(!said.contains(key))
    rig.refusal = 503
    try rig.pass(.milliseconds(350))
    try rig.until("a refusal") { rig.attempts == 2 && rig.status("account")[0].state == .waiting }
    #expect(!"\(rig.log)".contains(key))
  }
}
