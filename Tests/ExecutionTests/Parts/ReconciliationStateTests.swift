import Domain
import Testing

@testable import Execution

@Suite struct ReconciliationStateTests {
  private var reconciliation = Reconciliation()

  @Test mutating func `an order of an earlier run is waited for until it is read`() {
    reconciliation.expect(key("a"))
    reconciliation.expect(key("b"))
    #expect(reconciliation.reconciled(key("a")) == nil)
    #expect(reconciliation.pending == [key("b")])
  }

  @Test mutating func `one that cannot be read pauses its symbol in place of everything`() {
    for id in ["a", "b", "c"] { reconciliation.expect(key(id)) }
    reconciliation.goOnWithout(btc, [key("a"), key("b")])
    #expect(reconciliation.pending == [key("c")])
    #expect(reconciliation.unreadable == [key("a"): btc, key("b"): btc])
    #expect(reconciliation.reconciled(key("a")) == btc)
    #expect(reconciliation.reconciled(key("a")) == nil)
    #expect(reconciliation.unreadable == [key("b"): btc])
  }

  @Test mutating func `a look that succeeds says whether the one before had failed`() {
    #expect(reconciliation.read(key("a")) == false)
    reconciliation.failed(key("a"))
    reconciliation.failed(key("a"))
    #expect(reconciliation.failing == [key("a")])
    #expect(reconciliation.read(key("a")) == true)
    #expect(reconciliation.read(key("a")) == false)
  }

  @Test mutating func `an order at its end is in none of its lists`() {
    for id in ["a", "b"] {
      reconciliation.expect(key(id))
      reconciliation.failed(key(id))
    }
    reconciliation.goOnWithout(btc, [key("a")])
    reconciliation.forget(key("a"))
    reconciliation.forget(key("b"))
    #expect(reconciliation.pending == [])
    #expect(reconciliation.unreadable == [:])
    #expect(reconciliation.failing == [])
  }

  @Test mutating func `a list that failed is left alone for one minute, then two, up to 64`() {
    #expect(reconciliation.mayUseList(of: btc, at: monotonic(.zero)))
    var now = Duration.zero
    for minutes in [1, 2, 4, 8, 16, 32, 64, 64] {
      reconciliation.listFailed(btc, at: monotonic(now))
      let end = now + .seconds(minutes * 60)
      #expect(!reconciliation.mayUseList(of: btc, at: monotonic(end - .nanoseconds(1))))
      #expect(reconciliation.mayUseList(of: btc, at: monotonic(end)))
      #expect(reconciliation.mayUseList(of: eth, at: monotonic(now)))
      now = end
    }
    reconciliation.listWasRead(btc)
    reconciliation.listFailed(btc, at: monotonic(now))
    #expect(reconciliation.mayUseList(of: btc, at: monotonic(now + .seconds(60))))
  }
}
