import Daemon
import Domain
import Execution
import Testing
import Transport

/// The life of a stream's connection: attempts, pings, silence, and the one that follows in time.
@Suite struct StreamLifeTests {
  private func connected(_ rig: StreamRig) throws -> StreamRig.Socket {
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    return socket
  }

  /// How long it takes until there is another attempt, to 50 ms.
  private func pause(_ rig: StreamRig, atMost limit: Duration) throws -> Duration {
    let (attempts, began) = (rig.attempts, rig.now)
    while rig.attempts == attempts, rig.now.since(began) < limit {
      try rig.pass(.milliseconds(50))
      try rig.until("an attempt that is made") {
        rig.status("market")[0].state == .waiting || rig.attempts > attempts
      }
    }
    return rig.now.since(began)
  }

  @Test func `a ping is said every 15 to 20 seconds, and its answer keeps the connection`() throws {
    let rig = try StreamRig { $0.silenceMaximum = .seconds(3_600) }
    let socket = try connected(rig)
    try rig.pass(.milliseconds(14_900))
    #expect(socket.pings == 0)
    try rig.pass(.seconds(6))
    #expect(socket.pings == 1)
    try rig.pass(.seconds(240))
    #expect((12...16).contains(socket.pings))
    #expect(rig.attempts == 1)
  }

  @Test func `a connection on which nothing is received ends after 30 seconds`() throws {
    let rig = try StreamRig()
    let socket = try connected(rig)
    rig.answersPings = false
    try rig.pass(.milliseconds(29_500))
    #expect(rig.isOpen("market"))
    try rig.pass(.milliseconds(1_500))
    try rig.until("the end") { socket.hasEnded }
    try rig.pass(.milliseconds(350))
    _ = try rig.socket(1)
    #expect(
      rig.lines("the price stream is lost; until it is back prices are looked up").first?.level
        == .notice)
  }

  @Test func `a stream that is lost is a warning where prices come from it alone`() throws {
    let rig = try StreamRig()
    rig.streams?.priceSource = { .stream }
    let socket = try connected(rig)
    rig.answersPings = false
    try rig.pass(.milliseconds(31_000))
    try rig.until("the end") { socket.hasEnded }
    let lines = rig.lines("the price stream is lost; until it is back orders wait")
    #expect(lines.first?.level == .warning)
  }

  @Test func `a command that is not answered ends the connection`() throws {
    let rig = try StreamRig()
    rig.answers = false
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    let socket = try rig.socket(0)
    try rig.until("a command") { !socket.texts.isEmpty }
    try rig.pass(.milliseconds(10_100))
    try rig.until("the end") { socket.hasEnded }
    rig.answers = true
    try rig.pass(.milliseconds(350))
    try rig.until("an open stream") { rig.isOpen("market") }
    #expect(rig.attempts == 2)
  }

  @Test(arguments: [false, true])
  func `what is asked later gives what was asked first no more time`(isAnswered: Bool) throws {
    let rig = try StreamRig()
    rig.answers = false
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    let socket = try rig.socket(0)
    try rig.until("a command") { !socket.texts.isEmpty }
    rig.answers = isAnswered
    var watched: Set<Symbol> = [try symbol("BTCUSDT")]
    for name in ["ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"] {
      watched.insert(try symbol(name))
      rig.streams?.watchPrices(watched)
      try rig.pass(.seconds(3))
    }
    try rig.until("the end") { socket.hasEnded }
    #expect(rig.log.contains { $0.fields.contains { $0.value.contains("does not answer") } })
  }

  @Test func `an answer to nothing that was asked gives no more time`() throws {
    let rig = try StreamRig()
    rig.answers = false
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    let socket = try rig.socket(0)
    try rig.until("a command") { !socket.texts.isEmpty }
    for _ in 0..<4 {
      socket.peer.send(text: #"{"id":99,"code":0,"msg":"spot@x"}"#)
      try rig.pass(.seconds(3))
    }
    try rig.until("the end") { socket.hasEnded }
  }

  @Test func `pauses double while connections come to nothing, and are told once a minute`() throws
  {
    let rig = try StreamRig()
    rig.answers = false
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    var pauses: [Duration] = []
    for number in 0..<8 {
      let socket = try rig.socket(number)
      socket.peer.reset()
      try rig.until("a pause") { rig.status("market")[0].state == .waiting }
      pauses.append(try pause(rig, atMost: .seconds(40)))
    }
    let expected: [Double] = [0.25, 0.5, 1, 2, 4, 8, 16, 30]
    for (pause, seconds) in zip(pauses, expected) {
      let least = Duration.seconds(seconds * 0.75)
      let most = min(.seconds(seconds * 1.25), .seconds(30)) + .milliseconds(100)
      #expect((least...most).contains(pause), "\(pause) instead of \(seconds) s")
    }
    let told = rig.lines("the price stream cannot be connected").filter { $0.level == .notice }
    #expect(told.count == 1)
    #expect(told[0].fields.map(\.key) == ["reason", "advice"])
  }

  /// The exchange is not there for the moment, as with a connection that fails.
  @Test func `an upgrade that a broken exchange answers is tried again soon`() throws {
    let rig = try StreamRig()
    rig.refusal = 503
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    try rig.until("an answer") { rig.status("market")[0].state == .waiting }
    #expect(rig.status("market")[0].lastError?.contains("503") == true)
    rig.refusal = nil
    try rig.pass(.milliseconds(400))
    try rig.until("an open stream") { rig.isOpen("market") }
  }

  @Test func `a connection that pushes no book for a minute is made anew`() throws {
    let rig = try StreamRig()
    let former = try connected(rig)
    try rig.pass(.seconds(50), step: .seconds(1))
    rig.push("BTCUSDT", bid: "1", ask: "2", on: former)
    try rig.until("a price") { rig.prices.count == 1 }
    try rig.pass(.seconds(50), step: .seconds(1))
    #expect(!former.hasEnded)
    try rig.pass(.seconds(32), step: .seconds(1))
    try rig.until("another connection") { rig.attempts == 2 && rig.isOpen("market") }
    #expect(former.hasEnded)
    let told = rig.lines("the price stream is lost")
    #expect(told.count == 1)
    #expect(told[0].fields.first { $0.key == "reason" }?.value.contains("no book") == true)
  }

  @Test(arguments: [403, 404, 429]) func `a refused upgrade is tried once a minute`(
    status: Int
  ) throws {
    let rig = try StreamRig()
    rig.refusal = status
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    try rig.until("a refusal") { rig.status("market")[0].state == .waiting }
    for _ in 0..<2 {
      #expect((.seconds(60)...(.seconds(76))).contains(try pause(rig, atMost: .seconds(90))))
    }
    #expect(rig.status("market")[0].lastError?.contains("\(status)") == true)
    rig.refusal = nil
    try rig.pass(.seconds(76))
    try rig.until("an open stream") { rig.isOpen("market") }
  }

  @Test(arguments: [418, 503]) func `a refused upgrade is not tried before the time that it states`(
    status: Int
  ) throws {
    let rig = try StreamRig()
    rig.refusal = status
    rig.retryAfter = "600"
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    try rig.until("a refusal") { rig.status("market")[0].state == .waiting }
    try rig.pass(.seconds(595), step: .seconds(5))
    #expect(rig.attempts == 1)
    rig.refusal = nil
    try rig.pass(.seconds(10), step: .seconds(1))
    try rig.until("an open stream") { rig.isOpen("market") }
  }

  /// By the exchange's clock, which need not be this machine's.
  @Test func `a date to wait for is measured from the date of the answer`() throws {
    let rig = try StreamRig()
    rig.refusal = 503
    rig.retryAfter = "Wed, 01 Jan 2025 00:00:30 GMT"
    rig.date = "Wed, 01 Jan 2025 00:00:00 GMT"
    rig.streams?.watchPrices([try symbol("BTCUSDT")])
    try rig.until("a refusal") { rig.status("market")[0].state == .waiting }
    rig.refusal = nil
    try rig.pass(.seconds(29), step: .seconds(1))
    #expect(rig.attempts == 1)
    try rig.pass(.seconds(2), step: .seconds(1))
    try rig.until("an open stream") { rig.isOpen("market") }
  }

  @Test func `a wait that is stated holds when the older connection is lost, and for all others`()
    throws
  {
    let rig = try StreamRig { $0.renewal = .seconds(8)...(.seconds(10)) }
    let former = try connected(rig)
    rig.refusal = 418
    rig.retryAfter = "600"
    try rig.pass(.seconds(11))
    #expect(rig.attempts == 2)
    former.peer.reset()
    try rig.until("the loss") { rig.status("market")[0].state == .waiting }
    rig.refusal = nil
    rig.streams?.connectAccount(at: "?listenKey=k")
    try rig.pass(.seconds(560), step: .seconds(5))
    #expect(rig.attempts == 2)
    try rig.pass(.seconds(60), step: .seconds(5))
    try rig.until("open streams") { rig.isOpen("market") && rig.isOpen("account") }
  }

  @Test func `the next connection stands before the one that grows old is let go`() throws {
    let rig = try StreamRig { $0.renewal = .seconds(8)...(.seconds(10)) }
    let former = try connected(rig)
    try rig.pass(.milliseconds(7_900))
    #expect(rig.attempts == 1)
    rig.answers = false
    try rig.pass(.milliseconds(2_200))
    let next = try rig.socket(1)
    try rig.until("a command") { !next.subscribed.isEmpty }
    #expect(!former.hasEnded)
    #expect(rig.isOpen("market"))
    rig.answers = true
    next.peer.send(
      text: #"{"id":1,"code":0,"msg":"\#(StreamRig.channel("BTCUSDT"))"}"#)
    try rig.until("the former one's end") { former.hasEnded }
    #expect(rig.isOpen("market"))
    #expect(rig.lines("lost").isEmpty)
    #expect(rig.status("market")[0].reconnects == 1)
    rig.push("BTCUSDT", bid: "1", ask: "2", on: next)
    try rig.until("a price") { rig.prices.count == 1 }
  }

  @Test func `what grows old is kept while the next connection cannot be made`() throws {
    let rig = try StreamRig { $0.renewal = .seconds(8)...(.seconds(10)) }
    let former = try connected(rig)
    rig.refusal = 503
    try rig.pass(.seconds(11))
    try rig.until("an attempt") { rig.attempts == 2 }
    rig.push("BTCUSDT", bid: "1", ask: "2", on: former)
    try rig.until("a price") { rig.prices.count == 1 }
    #expect(rig.isOpen("market"))
    rig.refusal = nil
    // Where it is tried early, that connection is itself renewed before the longest pause is over.
    for _ in 0..<76 where !former.hasEnded { try rig.pass(.seconds(1)) }
    try rig.until("the former one's end") { former.hasEnded }
    #expect(rig.isOpen("market"))
    #expect(rig.attempts == 3)
  }

  @Test func `after the end nothing is told and nothing is tried`() throws {
    let rig = try StreamRig()
    let socket = try connected(rig)
    rig.push("BTCUSDT", bid: "1", ask: "2", on: socket)
    rig.streams?.close()
    try rig.until("the end") { socket.hasEnded }
    try rig.pass(.seconds(120), step: .seconds(1))
    #expect(rig.inputs.isEmpty)
    #expect(rig.attempts == 1)
  }
}

func symbol(_ text: String) throws -> Symbol { try #require(Symbol(exchangeText: text)) }
