import Daemon
import Domain
import Testing
import Transport

/// What one connection or one symbol is refused holds up no other one.
@Suite struct RefusedStreamTests {
  private func symbols(_ numbers: Range<Int>) throws -> Set<Symbol> {
    Set(try numbers.map { try symbol("COIN\($0)USDT") })
  }

  @Test func `a further symbol does not wait for the pause of one that is refused`() throws {
    let rig = try StreamRig()
    let refused = StreamRig.channel("COIN0USDT")
    rig.refused = [refused]
    rig.streams?.watchPrices(try symbols(0..<1))
    let first = try rig.socket(0)
    try rig.until("the end") { first.hasEnded }
    try rig.pass(.seconds(2))
    #expect(rig.attempts == 1)
    rig.streams?.watchPrices(try symbols(0..<2))
    try rig.pass(.seconds(2))
    try rig.until("an open stream") { rig.isOpen("market") }
    #expect(rig.attempts == 2)
    #expect(rig.status("market")[0].subscriptions == 1)
    #expect(rig.status("market")[0].refused == 1)
  }

  @Test func `symbols that are all refused are not asked for without a pause`() throws {
    let rig = try StreamRig()
    rig.refused = Set((0..<20).map { StreamRig.channel("COIN\($0)USDT") })
    for number in 0..<20 {
      rig.streams?.watchPrices(try symbols(0..<(number + 1)))
      try rig.pass(.seconds(1))
    }
    #expect(rig.attempts <= 8, "\(rig.attempts)")
  }

  @Test func `the pause grows with the attempts, and not with the symbols`() throws {
    let rig = try StreamRig()
    rig.refused = Set((0..<9).map { StreamRig.channel("COIN\($0)USDT") })
    rig.streams?.watchPrices(try symbols(0..<1))
    try rig.until("the end") { rig.sockets.first?.hasEnded == true }
    for number in 2...8 { rig.streams?.watchPrices(try symbols(0..<number)) }
    try rig.pass(.seconds(2))
    try rig.until("the second end") { rig.sockets.count == 2 && rig.sockets[1].hasEnded }
    rig.streams?.watchPrices(try symbols(0..<10))
    try rig.pass(.seconds(2))
    try rig.until("an open stream") { rig.isOpen("market") }
    #expect(rig.attempts == 3)
  }

  @Test func `a word about a listen key says nothing of prices`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    socket.peer.send(text: "Invalid listen key")
    try rig.until("the line") { !rig.lines("says something that is not understood").isEmpty }
    rig.push("COIN0USDT", bid: "1", ask: "2", on: socket)
    try rig.until("a price") { !rig.prices.isEmpty }
    #expect(rig.isOpen("market"))
    #expect(rig.attempts == 1)
  }

  /// The silent symbol is on the first connection; the second is lost again and again.
  @Test func `a connection that is made again excuses no symbol of another one`() throws {
    // Each connection stands for longer than that, so that its pause is the first one, of 250 ms.
    let rig = try StreamRig { $0.longestPause = .seconds(10) }
    rig.streams?.watchPrices(try symbols(0..<31))
    let silent = "COIN0USDT"
    _ = try rig.socket(1)
    try rig.until("open streams") { rig.status("market").count == 2 && rig.isOpen("market") }
    let first = try #require(
      rig.sockets.first { $0.subscribed.contains(StreamRig.channel(silent)) })
    let pushed = first.subscribed.compactMap { $0.split(separator: "@").last.map(String.init) }
    for _ in 0..<4 {
      for _ in 0..<20 {
        for name in pushed where name != silent { rig.push(name, bid: "1", ask: "2", on: first) }
        try rig.pass(.seconds(1), step: .milliseconds(500))
      }
      let second = try #require(rig.sockets.last { $0 !== first && !$0.hasEnded })
      second.peer.reset()
      let attempts = rig.attempts
      try rig.pass(.milliseconds(500))
      try rig.until("another connection") { rig.attempts > attempts && rig.isOpen("market") }
    }
    #expect(first.commands("UNSUBSCRIPTION") == [[StreamRig.channel(silent)]])
  }
}
