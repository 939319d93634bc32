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

  @Test func `a lane gives its oldest order, in whatever order they came`() {
    var lanes = Lanes()
    for life in [orderLife(3, "c"), orderLife(1, "a"), orderLife(2, "b")] { lanes.insert(life) }
    var seen: [Int] = []
    while let entry = lanes.head(of: btc, where: { _ in true }) {
      seen.append(entry.number)
      lanes.removeHead(of: btc)
    }
    #expect(seen == [1, 2, 3])
  }

  @Test func `an order stands in its lane once, and may come again when it is out`() {
    var lanes = Lanes()
    lanes.insert(orderLife(1, "a"))
    lanes.insert(orderLife(1, "a"))
    lanes.removeHead(of: btc)
    #expect(lanes.head(of: btc) { _ in true } == nil)
    lanes.insert(orderLife(1, "a"))
    #expect(lanes.head(of: btc) { _ in true }?.key == key("a"))
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
    #expect(lanes.head(of: eth) { _ in true }?.number == 3)
    lanes.removeHead(of: symbol("XRPUSDT"))
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
    #expect(heads.map(\.entry.key) == [key("a"), key("d")])
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
