import Daemon
import Domain
import Execution
import Platform
import Testing
import Transport

/// Which symbols are subscribed to, where, and what their pushes become.
@Suite struct WatchedSymbolTests {
  private func symbols(_ range: Range<Int>) throws -> Set<Symbol> {
    Set(try range.map { try symbol("COIN\($0)USDT") })
  }

  @Test func `forty symbols are two connections, and no command is longer than 1024 bytes`() throws
  {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<40))
    let sockets = [try rig.socket(0), try rig.socket(1)]
    try rig.until("open streams") { rig.isOpen("market") }
    #expect(sockets.map(\.subscribed.count).sorted() == [10, 30])
    #expect(Set(sockets.flatMap(\.subscribed)).count == 40)
    #expect(sockets.flatMap(\.texts).allSatisfy { $0.utf8.count <= 1_024 })
    #expect(rig.status("market").map(\.subscriptions).sorted() == [10, 30])
    #expect(rig.sockets.count == 2)
  }

  /// While nobody waits for a price: eight pushes may lie unread, however many symbols they are of.
  @Test func `the more symbols are watched, the less long pushes lie unread`() throws {
    let rig = try StreamRig()
    for (count, pause) in [(1, 800), (2, 400), (8, 100), (40, 20)] {
      rig.streams?.watchPrices(try symbols(0..<count))
      #expect(rig.streams?.coalescing == .milliseconds(pause))
    }
    // They are pushed for a minute after nobody wants them.
    rig.streams?.watchPrices([])
    #expect(rig.streams?.coalescing == .milliseconds(20))
    try rig.pass(.seconds(70), step: .seconds(1))
    #expect(rig.streams?.coalescing == .milliseconds(800))
  }

  @Test func `a push that lay unread counts as old as it can be`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    rig.push("COIN0USDT", bid: "1", ask: "2", on: socket)
    try rig.until("a price") { rig.prices.count == 1 }
    #expect(rig.prices[0].price.knownAt == rig.moment)
    rig.loop.coalescing = .milliseconds(400)
    rig.push("COIN0USDT", bid: "1", ask: "2", on: socket)
    try rig.until("a price") { rig.prices.count == 2 }
    #expect(rig.prices[1].price.knownAt == rig.moment)
    let emptied = rig.moment
    try rig.pass(.milliseconds(100))
    rig.push("COIN0USDT", bid: "1", ask: "3", on: socket)
    try rig.pass(.milliseconds(200))
    #expect(rig.prices.count == 2)
    rig.loop.handleCoalesced()
    #expect(rig.prices.count == 3)
    #expect(rig.prices[2].price.knownAt == emptied)
    rig.push("COIN0USDT", bid: "1", ask: "4", on: socket)
    try rig.pass(.milliseconds(50))
    rig.loop.coalescing = .zero
    try rig.settle()
    #expect(rig.prices.count == 4)
    #expect(
      rig.prices[3].price.knownAt.monotonic == rig.now.advanced(by: .zero - .milliseconds(50)))
  }

  /// A push of each in each second.
  private func push(
    _ names: [String], seconds: Int, _ rig: StreamRig, on socket: StreamRig.Socket
  ) throws {
    for _ in 0..<seconds {
      for name in names { rig.push(name, bid: "1", ask: "2", on: socket) }
      try rig.pass(.seconds(1), step: .milliseconds(500))
    }
  }

  /// While others of its connection are pushed.
  @Test func `a symbol of which nothing is pushed any more is subscribed to again`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<2))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    func push(_ names: String..., seconds: Int) throws {
      try self.push(names, seconds: seconds, rig, on: socket)
    }
    try push("COIN0USDT", "COIN1USDT", seconds: 200)
    #expect(socket.commands("SUBSCRIPTION").count == 1)
    try push("COIN0USDT", seconds: 55)
    #expect(socket.commands("SUBSCRIPTION").count == 1)
    try push("COIN0USDT", seconds: 40)
    let lost = [StreamRig.channel("COIN1USDT")]
    #expect(socket.commands("UNSUBSCRIPTION") == [lost])
    #expect(socket.commands("SUBSCRIPTION").dropFirst() == [lost])
    #expect(rig.status("market")[0].subscriptions == 2)
    #expect(rig.lines("nothing of COIN1USDT").count == 1)
    // Once a minute at the most.
    try push("COIN0USDT", seconds: 20)
    #expect(socket.commands("SUBSCRIPTION").count == 2)
    try push("COIN0USDT", "COIN1USDT", seconds: 100)
    #expect(socket.commands("SUBSCRIPTION").count == 2)
    #expect(rig.attempts == 1)
  }

  @Test func `after a hold-up no push counts as older than the one before it`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    rig.readingCost = .milliseconds(40)
    rig.push("COIN0USDT", bid: "1", ask: "2", on: socket)
    try rig.until("a price") { rig.prices.count == 1 }
    rig.readingCost = .zero
    rig.push("COIN0USDT", bid: "1", ask: "3", on: socket)
    rig.freeze(.milliseconds(1_500))
    try rig.until("a price") { rig.prices.count == 2 }
    let times = rig.prices.map(\.price.knownAt.monotonic)
    #expect(times[1] >= times[0])
    #expect(rig.now.since(times[1]) >= .milliseconds(1_400))
  }

  /// Reading takes time, and less and less of it as memory grows warm.
  @Test func `of pushes that are read together none counts as older than the one before it`() throws
  {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    rig.loop.coalescing = .milliseconds(400)
    for round in 0..<3 {
      let before = rig.prices.count
      for number in 1...4 {
        rig.push("COIN0USDT", bid: "1", ask: "\(round + 1)\(number)", on: socket)
        try rig.pass(.milliseconds(50))
      }
      let cost = Duration.microseconds(100)
      rig.readingCost = cost
      rig.loop.handleCoalesced()
      rig.readingCost = .zero
      let prices = rig.prices.dropFirst(before).map(\.price)
      #expect(prices.last?.ask?.description == "\(round + 1)4")
      let times = rig.prices.map(\.price.knownAt.monotonic)
      #expect(times == times.sorted())
    }
  }

  @Test func `what is not wanted any more is unsubscribed from after a minute`() throws {
    let rig = try StreamRig { $0.silenceMaximum = .seconds(3_600) }
    rig.streams?.watchPrices(try symbols(0..<3))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    rig.streams?.watchPrices(try symbols(0..<2))
    try rig.pass(.seconds(30))
    // Wanted again in time: nothing is said.
    rig.streams?.watchPrices(try symbols(0..<3))
    try rig.pass(.seconds(100))
    #expect(socket.commands("UNSUBSCRIPTION").isEmpty)
    rig.streams?.watchPrices(try symbols(0..<2))
    try rig.pass(.milliseconds(59_900))
    #expect(socket.commands("UNSUBSCRIPTION").isEmpty)
    try rig.pass(.milliseconds(200))
    try rig.until("a command") {
      socket.commands("UNSUBSCRIPTION") == [[StreamRig.channel("COIN2USDT")]]
    }
    rig.streams?.watchPrices(try symbols(0..<4))
    try rig.until("subscriptions") { rig.status("market")[0].subscriptions == 4 }
    #expect(rig.sockets.count == 1)
    rig.streams?.watchPrices([])
    try rig.pass(.seconds(61))
    try rig.until("the end") { socket.hasEnded }
    #expect(rig.status("market").map(\.state) == [.off])
  }

  @Test func `a refused symbol is told once, and the others are pushed`() throws {
    let rig = try StreamRig { $0.silenceMaximum = .seconds(3_600) }
    rig.refused = [StreamRig.channel("COIN1USDT")]
    rig.streams?.watchPrices(try symbols(0..<3))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    #expect(rig.status("market")[0].subscriptions == 2)
    #expect(rig.status("market")[0].refused == 1)
    try rig.pass(.seconds(100), step: .seconds(1))
    // Once with the others, once alone.
    #expect(socket.subscribed.filter { $0.contains("COIN1USDT") }.count == 2)
    let told = rig.lines("the exchange does not push")
    #expect(told.map(\.level) == [.notice])
    #expect(told[0].message.contains("COIN1USDT"))
    rig.refused = []
    socket.peer.reset()
    try rig.pass(.milliseconds(350))
    _ = try rig.socket(1)
    try rig.until("all of them") { rig.status("market")[0].subscriptions == 3 }
    let mended = rig.lines("after all")
    #expect(mended.map(\.level) == [.info])
    #expect(mended[0].message.contains("the exchange pushes \(StreamRig.channel("COIN1USDT"))"))
  }

  @Test func `a symbol that only the next connection pushes is told where the former one is lost`()
    throws
  {
    let rig = try StreamRig { $0.renewal = .seconds(8)...(.seconds(10)) }
    let names = (0..<2).map { StreamRig.channel("COIN\($0)USDT") }
    rig.refused = [names[1]]
    rig.streams?.watchPrices(try symbols(0..<2))
    let former = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    rig.answers = false
    try rig.pass(.milliseconds(10_100))
    let next = try rig.socket(1)
    try rig.until("a command") { next.commands("SUBSCRIPTION").count == 1 }
    let list = next.commands("SUBSCRIPTION")[0].joined(separator: ",")
    func answer(_ number: Int, _ message: String) {
      next.peer.send(text: #"{"id":\#(number),"code":0,"msg":"\#(message)"}"#)
    }
    answer(1, "Not Subscribed successfully! [\(list)].  Reason： Blocked! ")
    try rig.until("each alone") { next.commands("SUBSCRIPTION").count == 3 }
    let alone = next.commands("SUBSCRIPTION").dropFirst().map { $0[0] }
    let granted = try #require(alone.firstIndex(of: names[1]))
    answer(2 + granted, names[1])
    try rig.settle()
    former.peer.reset()
    try rig.until("the loss") { !rig.isOpen("market") }
    answer(3 - granted, names[0])
    try rig.until("an open stream") { rig.isOpen("market") }
    #expect(rig.status("market")[0].refused == 0)
    #expect(rig.lines("pushes \(names[1]) after all").count == 1)
  }

  @Test func `a refused symbol is asked for again after longer and longer pauses`() throws {
    let rig = try StreamRig()
    let refused = StreamRig.channel("COIN1USDT")
    rig.refused = [refused]
    rig.streams?.watchPrices(try symbols(0..<2))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    func push(_ names: String..., seconds: Int) throws {
      try self.push(names, seconds: seconds, rig, on: socket)
    }
    /// How many times it was asked for alone.
    func asked() -> Int { socket.commands("SUBSCRIPTION").count { $0 == [refused] } }
    // The first time because it spoiled the list that it was in.
    try push("COIN0USDT", seconds: 85)
    #expect(asked() == 1)
    try push("COIN0USDT", seconds: 15)
    #expect(asked() == 2)
    try push("COIN0USDT", seconds: 100)
    #expect(asked() == 2)
    try push("COIN0USDT", seconds: 25)
    #expect(asked() == 3)
    #expect(rig.status("market")[0].refused == 1)
    #expect(rig.lines("the exchange does not push").count == 1)
    rig.refused = []
    try push("COIN0USDT", seconds: 240)
    #expect(asked() == 4)
    try rig.until("both of them") { rig.status("market")[0].subscriptions == 2 }
    #expect(rig.status("market")[0].refused == 0)
    #expect(rig.lines("the exchange pushes \(refused) after all").map(\.level) == [.info])
    // It is pushed from now on, and nothing is asked for any more.
    try push("COIN0USDT", "COIN1USDT", seconds: 100)
    #expect(asked() == 4)
    #expect(socket.commands("UNSUBSCRIPTION").isEmpty)
    #expect(rig.attempts == 1)
  }

  @Test func `a refused symbol does not hide one that has no price`() throws {
    let rig = try StreamRig()
    rig.refused = [StreamRig.channel("COIN1USDT")]
    rig.streams?.watchPrices(try symbols(0..<3))
    try rig.until("an open stream") { rig.isOpen("market") }
    let unpriced = try symbols(0..<2).sorted()
    let troubles = try #require(rig.streams?.troubles(unpriced: unpriced))
    #expect(troubles.count == 2)
    #expect(troubles.first?.message.hasPrefix("no price of COIN1USDT is pushed") == true)
    #expect(troubles.first?.advice.contains("risk.symbols") == true)
    #expect(troubles.last?.message.hasPrefix("no current price of COIN0USDT is pushed") == true)
    #expect(rig.streams?.troubles(unpriced: []) == [])
  }

  @Test func `a connection that pushes nothing is tried again after a minute`() throws {
    let rig = try StreamRig()
    rig.refused = [StreamRig.channel("COIN0USDT")]
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("the end") { socket.hasEnded }
    try rig.pass(.seconds(59), step: .seconds(1))
    #expect(rig.attempts == 1)
    rig.refused = []
    try rig.pass(.seconds(17), step: .seconds(1))
    try rig.until("an open stream") { rig.isOpen("market") }
  }

  @Test func `a price is from when it was received, and only what is watched is told`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<2))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    try rig.pass(.seconds(3))
    rig.push("COIN0USDT", bid: "1.5", ask: "1.6", on: socket)
    try rig.until("a price") { rig.prices.count == 1 }
    #expect(rig.prices[0].symbol.text == "COIN0USDT")
    #expect(rig.prices[0].price.bid?.description == "1.5")
    #expect(rig.prices[0].price.ask?.description == "1.6")
    #expect(rig.prices[0].price.knownAt == rig.moment)
    #expect(rig.prices[0].price.origin == .pushed)
    // Crossed, empty, another symbol's, and bytes that are none.
    rig.push("COIN0USDT", bid: "1.7", ask: "1.6", on: socket)
    rig.push("COIN0USDT", bid: "", ask: "0", on: socket)
    rig.push("COIN7USDT", bid: "1", ask: "2", on: socket)
    socket.peer.send(binary: [1, 2, 3])
    rig.streams?.watchPrices(try symbols(0..<1))
    rig.push("COIN1USDT", bid: "1", ask: "2", on: socket)
    rig.push("COIN0USDT", bid: "8", ask: "9", on: socket)
    // COIN1USDT may be the next signal's symbol.
    try rig.until("two more prices") { rig.prices.count == 3 }
    #expect(rig.prices.map(\.symbol.text) == ["COIN0USDT", "COIN1USDT", "COIN0USDT"])
    #expect(rig.prices[2].price.ask?.description == "9")
    #expect(rig.lines("not understood").count == 1)
    let coin = try #require(try symbols(0..<1).first)
    let gone = rig.inputs.compactMap { if case .noPrice(let symbol) = $0 { symbol } else { nil } }
    #expect(gone == [coin, coin])
    #expect(rig.prices[2].price.sentAt == rig.moment.wall)
    // After a reload prices are asked for, and what is still pushed is none.
    rig.streams?.priceSource = { .rest }
    rig.push("COIN0USDT", bid: "1", ask: "2", on: socket)
    rig.push("COIN0USDT", bid: "", ask: "0", on: socket)
    socket.peer.send(binary: [1, 2, 3])
    try rig.until("the end of what was pushed") { rig.lines("not understood").count == 2 }
    #expect(rig.prices.count == 3)
  }

  @Test func `a price that was held up on the way is as old as that`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    // 70 ms is what the way takes, and what the two clocks differ by.
    for age in [70, 2_570, 70] {
      rig.push("COIN0USDT", bid: "1", ask: "2", sentBefore: .milliseconds(age), on: socket)
    }
    try rig.until("prices") { rig.prices.count == 3 }
    let ages = rig.prices.map { rig.now.since($0.price.knownAt.monotonic) }
    #expect(ages == [.zero, .milliseconds(2_500), .zero])
  }

  @Test func `one push from the future makes no later one old`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    for age in [70, -3_000, 75, 80, 2_070] {
      rig.push("COIN0USDT", bid: "1", ask: "2", sentBefore: .milliseconds(age), on: socket)
    }
    try rig.until("prices") { rig.prices.count == 5 }
    let ages = rig.prices.map { rig.now.since($0.price.knownAt.monotonic) }
    #expect(
      ages == [.zero, .zero, .milliseconds(5), .milliseconds(10), .milliseconds(2_000)])
  }

  @Test func `a price that waited while the daemon was stopped is as old as that`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<1))
    let socket = try rig.socket(0)
    try rig.until("an open stream") { rig.isOpen("market") }
    rig.push("COIN0USDT", bid: "1", ask: "2", on: socket)
    try rig.settle()
    let before = rig.now
    rig.push("COIN0USDT", bid: "3", ask: "4", on: socket)
    rig.freeze(.seconds(5))
    try rig.until("prices") { rig.prices.count == 2 }
    #expect(rig.prices[1].price.knownAt.monotonic <= before)
  }

  @Test func `more symbols than ten connections hold are said`() throws {
    let rig = try StreamRig()
    rig.streams?.watchPrices(try symbols(0..<301))
    try rig.until("open streams") { rig.status("market").count == 10 && rig.isOpen("market") }
    #expect(rig.status("market").map(\.subscriptions) == Array(repeating: 30, count: 10))
    #expect(rig.lines("prices of 1 symbols are not pushed").map(\.level) == [.notice])
    // Room for one is made by another that nobody wants any more.
    rig.streams?.watchPrices(try symbols(1..<301))
    try rig.pass(.seconds(61), step: .seconds(1))
    try rig.until("the last") {
      Set(rig.sockets.flatMap(\.subscribed)).count == 301
        && rig.status("market").map(\.subscriptions).reduce(0, +) == 300
    }
  }
}
