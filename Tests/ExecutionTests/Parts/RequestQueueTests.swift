import Domain
import Testing

@testable import Execution

@Suite struct RequestQueueTests {
  private let look = ExchangeRequest.order(btc, .orderID("E1"))

  private func drained(_ queue: RequestQueue) -> [Purpose] {
    var queue = queue
    return RequestQueue.Rank.allCases.flatMap { rank in
      var purposes: [Purpose] = []
      while let item = queue.removeFirst(rank) { purposes.append(item.purpose) }
      return purposes
    }
  }

  @Test func `cancels go first, and the long watch waits for everything`() {
    let verify = Purpose.verify(key("c"), orderID: "E1", CommandToken(number: 1))
    let sequence: [Purpose] = [
      .cancel(key("a")), .clock, .search(key("b"), .trades), verify, .prices,
      .instruments([btc]), .tradableSymbols, .poll(key("a")), .pollMany(btc, [key("a")]),
    ]
    var queue = RequestQueue()
    let watch = Purpose.search(key("w"), .openOrders)
    queue.add(look, for: watch, as: .watch)
    for purpose in sequence.reversed() { queue.add(look, for: purpose) }
    #expect(
      drained(queue) == [
        .cancel(key("a")), .clock, verify, .search(key("b"), .trades), .prices,
        .instruments([btc]), .tradableSymbols, .pollMany(btc, [key("a")]), .poll(key("a")), watch,
      ])
    #expect(RequestQueue.Rank.allCases == RequestQueue.Rank.allCases.sorted())
    #expect(RequestQueue.Rank.allCases.last == .watch)
  }

  @Test func `within a rank the first goes first`() {
    var queue = RequestQueue()
    let keys = (0..<5).map { key("s\($0)") }
    for key in keys { queue.add(look, for: .poll(key)) }
    #expect(drained(queue) == keys.map { .poll($0) })
  }

  @Test func `nothing stands in it twice, and it may come again when it is out`() {
    var queue = RequestQueue()
    queue.add(look, for: .poll(key("a")))
    queue.add(.serverTime, for: .poll(key("a")))
    #expect(queue.contains(.poll(key("a"))))
    #expect(queue.first(.poll)?.request == look)
    queue.removeFirst(.poll)
    #expect(!queue.contains(.poll(key("a"))))
    #expect(queue.removeFirst(.poll) == nil)
    queue.add(look, for: .poll(key("a")))
    #expect(queue.first { $0.purpose == .poll(key("a")) } != nil)
  }

  @Test func `views of one search, and looks of two orders, are different requests`() {
    var queue = RequestQueue()
    for view in Search.View.allCases {
      queue.add(look, for: .search(key("a"), view))
      queue.add(look, for: .search(key("b"), view))
    }
    #expect(drained(queue).count == 2 * Search.View.allCases.count)
  }

  @Test func `only what asks about the account is signed`() {
    let request = request("a")
    for request: ExchangeRequest in [.serverTime, .instruments([btc]), .prices([btc])] {
      #expect(!request.isSigned)
    }
    for request: ExchangeRequest in [
      .tradableSymbols, .keyInformation, .accountRights, .place([request]), .validate(request),
      look, .openOrders(btc),
      .recentOrders(btc, since: moment().wall), .trades(btc, since: moment().wall),
      .cancel(btc, .orderID("E1")),
    ] {
      #expect(request.isSigned)
    }
  }

  /// They have shares of the limits of their own, and the first of a rank holds up those behind it.
  @Test func `what proves a connection and a look at an order do not wait for each other`() {
    var queue = RequestQueue()
    let poll = Purpose.poll(key("a"))
    queue.add(.serverTime, for: .keepAlive)
    queue.add(look, for: poll)
    #expect(
      RequestQueue.Rank.allCases.compactMap { queue.first($0)?.purpose } == [.keepAlive, poll])
    #expect(Purpose.keepAlive.group != poll.group)
  }
}
