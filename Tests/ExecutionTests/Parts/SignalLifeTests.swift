import Domain
import Testing

@testable import Execution

@Suite struct SignalLifeTests {
  private static let id = signalID("a")
  private static let legs = (0..<3).map { OrderKey(signal: id, leg: $0) }

  private func life(isTold: Bool = false) -> SignalLife {
    SignalLife(id: Self.id, plan: Plan(legs: Self.legs), isTold: isTold)
  }

  private func end(_ leg: Int, _ code: DecisionCode = .accepted) -> SignalLife.End {
    SignalLife.End(code: code, message: "leg \(leg)", order: order("a", leg: leg))
  }

  @Test func `a signal with one order ends with it`() {
    #expect(Plan.entry(of: Self.id).legs == [key("a")])
    var life = SignalLife(id: Self.id, plan: .entry(of: Self.id))
    #expect(!life.isOver)
    let outcome = life.legEnded(end(0, .expired))
    #expect(life.isOver)
    #expect(outcome?.signalID == Self.id)
    #expect(outcome?.code == .expired)
    #expect(outcome?.message == "leg 0")
    #expect(outcome?.order.key == key("a"))
    #expect(outcome?.replacesEarlier == false)
  }

  @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func `the story ends with the last leg and not before`(sequence: [Int]) {
    var life = life()
    for leg in sequence.dropLast() {
      #expect(life.legEnded(end(leg)) == nil)
      #expect(!life.isOver)
    }
    let outcome = life.legEnded(end(sequence[2]))
    #expect(life.isOver)
    // All is as it should be: the entry is told.
    #expect(outcome?.order.key.leg == 0)
    #expect(outcome?.code == .accepted)
  }

  @Test func `an end that comes twice is one end`() {
    var life = life()
    for _ in 0..<3 { #expect(life.legEnded(end(0)) == nil) }
    #expect(!life.isOver)
  }

  @Test(
    arguments: [
      ([DecisionCode.accepted, .accepted, .exchangeRejected], 2),
      ([.accepted, .expired, .exchangeRejected], 1), ([.halted, .expired, .accepted], 0),
      ([.accepted, .halted, .accepted], 1),
    ])
  func `the first leg that did not end as it should is told`(codes: [DecisionCode], told: Int) {
    var life = life()
    // Whichever ends last.
    _ = life.legEnded(end(1, codes[1]))
    _ = life.legEnded(end(2, codes[2]))
    let outcome = life.legEnded(end(0, codes[0]))
    #expect(outcome?.order.key.leg == told)
    #expect(outcome?.code == codes[told])
    #expect(outcome?.message == "leg \(told)")
  }

  @Test func `a leg that the operator closes is told at once and does not end the story`() {
    var life = life()
    _ = life.legEnded(end(0))
    let closed = life.close(end(1, .notFound))
    #expect(closed.code == .notFound)
    #expect(!closed.replacesEarlier)
    #expect(!life.isOver)
    #expect(life.legEnded(end(2)) == nil)
    let last = life.legEnded(end(1, .notFound))
    #expect(last?.replacesEarlier == true)
    #expect(life.isOver)
  }

  @Test func `a closed leg that shows up after all is told in place of the closing`() {
    var life = life()
    _ = life.close(end(1, .notFound))
    let reopened = life.reopened(end(1))
    #expect(reopened.replacesEarlier)
    #expect(reopened.code == .accepted)
    #expect(!life.isOver)
    _ = life.legEnded(end(0))
    _ = life.legEnded(end(1))
    #expect(life.legEnded(end(2))?.replacesEarlier == true)
  }

  @Test func `what was told before a restart is replaced`() {
    var life = life(isTold: true)
    for leg in 0..<2 { #expect(life.legEnded(end(leg)) == nil) }
    #expect(life.legEnded(end(2))?.replacesEarlier == true)
  }
}
