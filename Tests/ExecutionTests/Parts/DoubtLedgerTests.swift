import Domain
import Testing

@testable import Execution

@Suite struct DoubtLedgerTests {
  private var ledger = DoubtLedger()
  private static let lost = OrderEvent.outcomeLost("timed out", .answerLost)

  private mutating func consider(
    _ life: OrderLife, isDoubtful: Bool = true, at offset: Duration = .zero
  ) -> (doubts: [Doubt?], again: MonotonicTime?) {
    var reaction = Reaction(at: moment(offset))
    let again = ledger.consider(life, isDoubtful: isDoubtful, &reaction)
    return (reaction.doubts.map(\.doubt), again)
  }

  private mutating func resolve(_ id: String = "a") -> [Doubt?] {
    var reaction = Reaction(at: moment())
    ledger.resolve(key(id), &reaction)
    return reaction.doubts.map(\.doubt)
  }

  @Test mutating func `an answer that is late is no doubt for three seconds`() throws {
    let life = try orderLife(1, "a").after([armed])
    #expect(consider(life).again == monotonic(.seconds(3)))
    let early = consider(life, at: .milliseconds(2_999))
    #expect(early.doubts == [])
    #expect(early.again == monotonic(.seconds(3)))
    let told = consider(life, at: .seconds(3))
    #expect(told.doubts.map { $0?.status } == [.submitted])
    #expect(told.doubts.first??.clientOrderID.text == "sga")
    #expect(told.doubts.first??.code == .accepted)
    #expect(told.again == nil)
  }

  @Test mutating func `a doubt is told once, and again when it changes`() throws {
    let sent = try orderLife(1, "a").after([armed])
    _ = consider(sent)
    _ = consider(sent, at: .seconds(3))
    #expect(consider(sent, at: .seconds(9)).doubts == [])
    let unknown = try sent.after([Self.lost])
    #expect(consider(unknown, at: .seconds(10)).doubts.map { $0?.status } == [.unknown])
    let missing = try unknown.after([.notFound("not there")])
    let told = consider(missing, at: .seconds(11)).doubts
    #expect(told.map { $0?.code } == [.notFound])
    #expect(told.map { $0?.message } == ["not there"])
    #expect(consider(missing, at: .seconds(12)).doubts == [])
  }

  @Test mutating func `an order that was not found is told at once`() throws {
    let missing = try orderLife(1, "a").after([armed, Self.lost, .notFound("not there")])
    #expect(consider(missing).doubts.map { $0?.status } == [.notFound])
  }

  @Test mutating func `what was told is taken back once, when the order is settled`() throws {
    let life = try orderLife(1, "a").after([armed, Self.lost])
    _ = consider(life)
    _ = consider(life, at: .seconds(3))
    #expect(consider(life, isDoubtful: false, at: .seconds(4)).doubts == [nil])
    #expect(consider(life, isDoubtful: false, at: .seconds(5)).doubts == [])
    #expect(resolve() == [])
  }

  @Test mutating func `what was never told is not taken back`() throws {
    let life = try orderLife(1, "a").after([armed])
    _ = consider(life)
    #expect(resolve() == [])
    // The next doubt begins anew.
    #expect(consider(life, at: .seconds(10)).again == monotonic(.seconds(13)))
  }

  @Test mutating func `what an earlier run may have told is taken back, or said again`() throws {
    ledger.remember(key("a"), at: monotonic(.zero))
    #expect(resolve() == [nil])
    ledger.remember(key("a"), at: monotonic(.zero))
    let life = try orderLife(1, "a").after([armed, Self.lost])
    #expect(consider(life, at: .seconds(3)).doubts.map { $0?.status } == [.unknown])
    #expect(resolve() == [nil])
  }

  @Test mutating func `the operator's word ends the doubt`() throws {
    let missing = try orderLife(1, "a").after([armed, Self.lost, .notFound("not there")])
    _ = consider(missing)
    let closed = try missing.after([.closedByOperator("not placed")])
    #expect(consider(closed, at: .seconds(1)).doubts == [nil])
    #expect(consider(closed, at: .seconds(2)).doubts == [])
    // Of an earlier run, too.
    ledger.remember(key("b"), at: monotonic(.zero))
    let other = try orderLife(2, "b").after([
      armed, Self.lost, .notFound(""), .closedByOperator(""),
    ])
    #expect(consider(other).doubts == [nil])
  }

  @Test mutating func `orders are told apart`() throws {
    let lives = try ["a", "b"].map { try orderLife(1, $0).after([armed, Self.lost]) }
    for life in lives { _ = consider(life) }
    for life in lives { #expect(consider(life, at: .seconds(3)).doubts.count == 1) }
    #expect(resolve("a") == [nil])
    #expect(consider(lives[1], at: .seconds(4)).doubts == [])
    #expect(resolve("b") == [nil])
  }
}
