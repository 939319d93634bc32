import Domain
import Testing

@testable import Execution

@Suite struct PlacementQueueTests {
  private func orders(_ lives: [OrderLife]) -> OrderTable {
    var table = OrderTable()
    for life in lives { table.insert(life) }
    return table
  }

  // MARK: Lanes

  /// Everything of the symbol in its turn.
  private func all(_ lanes: Lanes, of symbol: Symbol = btc) -> [String] {
    var lanes = lanes
    var seen: [String] = []
    while let turn = lanes.head(of: symbol, where: { _ in true }) {
      seen.append(turn.key.signal.text)
      lanes.take(turn, of: symbol)
    }
    return seen
  }

  @Test func `a lane gives its oldest order, in whatever order they came`() {
    var lanes = Lanes()
    for life in [orderLife(3, "c"), orderLife(1, "a"), orderLife(2, "b")] { lanes.insert(life) }
    #expect(all(lanes) == ["a", "b", "c"])
    #expect(lanes.count(of: btc) == 3)
  }

  @Test func `what expires first goes first`() {
    var lanes = Lanes()
    lanes.insert(orderLife(1, "late", lives: .seconds(60)))
    lanes.insert(orderLife(2, "soon", lives: .seconds(5)))
    lanes.insert(orderLife(3, "later", lives: .seconds(90)))
    lanes.insert(orderLife(4, "assoon", lives: .seconds(5)))
    #expect(all(lanes) == ["soon", "assoon", "late", "later"])
  }

  /// The clocks are read a little apart.
  @Test func `of those that expire together the oldest goes first`() {
    var lanes = Lanes()
    for (number, apart) in zip(1..., [300, 10, 900, 0]) {
      lanes.insert(orderLife(number, "s\(number)", clocksApart: .nanoseconds(apart)))
    }
    #expect(all(lanes) == ["s1", "s2", "s3", "s4"])
  }

  @Test func `sources take turns, however much each of them has waiting`() {
    var lanes = Lanes()
    for number in 1...6 { lanes.insert(orderLife(number, "a\(number)", from: "a")) }
    for number in 7...8 { lanes.insert(orderLife(number, "b\(number)", from: "b")) }
    lanes.insert(orderLife(9, "c9", lives: .seconds(5), from: "c"))
    #expect(all(lanes) == ["c9", "a1", "b7", "a2", "b8", "a3", "a4", "a5", "a6"])
  }

  @Test func `a source that comes later is not owed the turns before it came`() {
    var lanes = Lanes()
    for number in 1...20 { lanes.insert(orderLife(number, "a\(number)", from: "a")) }
    for _ in 1...10 {
      if let turn = lanes.head(of: btc, where: { _ in true }) { lanes.take(turn, of: btc) }
    }
    for number in 21...23 { lanes.insert(orderLife(number, "b\(number)", from: "b")) }
    #expect(all(lanes).prefix(6) == ["b21", "a11", "b22", "a12", "b23", "a13"])
  }

  @Test func `the turns of a source count over all symbols`() {
    var lanes = Lanes()
    lanes.insert(orderLife(1, "a1", btc, from: "a"))
    lanes.insert(orderLife(2, "a2", eth, from: "a"))
    lanes.insert(orderLife(3, "b3", eth, from: "b"))
    if let turn = lanes.head(of: btc, where: { _ in true }) { lanes.take(turn, of: btc) }
    #expect(all(lanes, of: eth) == ["b3", "a2"])
  }

  @Test func `sources beyond the most that take turns share one`() {
    var lanes = Lanes()
    let many = Lanes.sourcesMaximum + 40
    for number in 1...many {
      lanes.insert(orderLife(number, "s\(number)", from: "source \(number)"))
    }
    #expect(Set(all(lanes)).count == many)
    #expect(lanes.count(of: btc) == many)
  }

  @Test func `an order stands in its lane once, and may come again when it is out`() {
    var lanes = Lanes()
    lanes.insert(orderLife(1, "a"))
    lanes.insert(orderLife(1, "a"))
    let turn = lanes.head(of: btc) { _ in true }
    if let turn { lanes.take(turn, of: btc) }
    #expect(turn != nil)
    #expect(lanes.head(of: btc) { _ in true } == nil)
    lanes.insert(orderLife(1, "a"))
    #expect(lanes.head(of: btc) { _ in true }?.key == key("a"))
  }

  @Test func `an order that waits alone stands in the lane of its symbol`() {
    var lanes = Lanes()
    lanes.insert(orderLife(1, "a", eth))
    #expect(lanes.symbols == [eth] && lanes.count(of: eth) == 1 && lanes.count(of: btc) == 0)
    #expect(lanes.head(of: btc) { _ in true } == nil)
    #expect(lanes.head(of: eth) { _ in false } == nil)
    #expect(lanes.isEmpty)
  }

  @Test func `an order that waited alone takes its turn with those that come later`() {
    var lanes = Lanes()
    lanes.insert(orderLife(1, "a1", lives: .seconds(60), from: "a"))
    lanes.insert(orderLife(2, "b2", lives: .seconds(5), from: "b"))
    lanes.insert(orderLife(3, "a3", lives: .seconds(1), from: "a"))
    #expect(lanes.count(of: btc) == 3)
    #expect(all(lanes) == ["a3", "b2", "a1"])
  }

  @Test func `what does not count is dropped when somebody looks`() {
    var lanes = Lanes()
    for life in [orderLife(1, "a"), orderLife(2, "b")] { lanes.insert(life) }
    #expect(lanes.head(of: btc) { $0 == key("b") }?.key == key("b"))
    #expect(lanes.head(of: btc) { _ in true }?.key == key("b"))
    #expect(lanes.head(of: btc) { _ in false } == nil)
    #expect(lanes.symbols == [])
    // It was dropped, and not forgotten that it was: it may stand there again.
    lanes.insert(orderLife(1, "a"))
    #expect(lanes.head(of: btc) { _ in true }?.key == key("a"))
  }

  @Test func `lanes are listed in one order, and each has its own head`() {
    var lanes = Lanes()
    for life in [orderLife(1, "a", sol), orderLife(2, "b", btc), orderLife(3, "c", eth)] {
      lanes.insert(life)
    }
    #expect(lanes.symbols == [btc, eth, sol])
    #expect(lanes.head(of: eth) { _ in true }?.key == key("c"))
    #expect(lanes.head(of: symbol("XRPUSDT")) { _ in true } == nil)
    #expect(lanes.symbols == [btc, eth, sol])
  }

  // MARK: The queue

  @Test func `a crowd that waits for a price is taken out in parts, oldest first`() {
    let lives = (1...5).map { orderLife($0, "s\($0)") } + [orderLife(6, "other", eth)]
    let orders = orders(lives)
    var queue = PlacementQueue()
    for life in lives.reversed() { queue.waitForPrice(life) }
    #expect(queue.takeUnpriced(btc, atMost: 3, from: orders) == ["s1", "s2", "s3"].map(key))
    #expect(queue.wantsPrice(btc, orders) == true)
    #expect(queue.takeUnpriced(btc, atMost: 3, from: orders) == ["s4", "s5"].map(key))
    #expect(queue.wantsPrice(btc, orders) == false)
    #expect(queue.wantsPrice(eth, orders) == true)
  }

  @Test func `nobody wants a price for orders that are gone`() {
    let lives = [orderLife(1, "a"), orderLife(2, "b")]
    var orders = orders(lives)
    var queue = PlacementQueue()
    for life in lives { queue.waitForPrice(life) }
    orders.remove(key("a"))
    #expect(queue.takeUnpriced(btc, atMost: 9, from: orders) == [key("b")])
    queue.waitForPrice(orderLife(2, "b"))
    orders.remove(key("b"))
    #expect(queue.wantsPrice(btc, orders) == false)
  }

  @Test func `the heads are the oldest ready order of each symbol, oldest first`() {
    var queue = PlacementQueue()
    let lives = [
      orderLife(1, "a", sol), orderLife(2, "b", sol), orderLife(3, "c", btc),
      orderLife(4, "d", btc),
    ]
    for life in lives { queue.waitForTurn(life) }
    let heads = queue.heads { $0 != key("c") }
    #expect(heads.map(\.turn.key) == [key("a"), key("d")])
    #expect(heads.map(\.symbol) == [sol, btc])
    #expect(queue.takeApproved(sol, atMost: 1) { _ in true } == [key("a")])
    #expect(queue.head(of: sol) { _ in true }?.key == key("b"))
  }

  @Test func `those that leave together are the oldest ready ones of a symbol`() {
    var queue = PlacementQueue()
    for number in 1...5 { queue.waitForTurn(orderLife(number, "s\(number)")) }
    queue.waitForTurn(orderLife(6, "other", sol))
    #expect(queue.approvedCount(of: btc) == 5)
    let keys = queue.takeApproved(btc, atMost: 3) { $0 != key("s2") }
    #expect(keys == [key("s1"), key("s3"), key("s4")])
    #expect(queue.takeApproved(btc, atMost: 3) { _ in true } == [key("s5")])
    #expect(queue.approvedCount(of: btc) == 0)
    #expect(queue.approvedCount(of: sol) == 1)
  }

  @Test func `waiting for a price and for a turn are two things`() {
    var queue = PlacementQueue()
    let life = orderLife(1, "a")
    queue.waitForPrice(life)
    #expect(queue.head(of: btc) { _ in true } == nil)
    queue.waitForTurn(life)
    #expect(queue.takeUnpriced(btc, atMost: 9, from: orders([life])) == [key("a")])
    #expect(queue.head(of: btc) { _ in true }?.key == key("a"))
  }
}
