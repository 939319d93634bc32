import Daemon
import Domain
import Execution
import Platform
import Store
import Testing

@Suite struct `The engine driver` {
  private let database: OwnedDatabase
  private var store: OrderStore { database.store }

  init() throws {
    database = try OwnedDatabase()
  }

  /// The edges of a turn, and a clock that only the test moves.
  private final class Edges {
    var sent: [Dispatch] = []
    var now = Clock.now()
    var requests: [ExchangeRequest] { sent.map(\.request) }
  }

  /// A turn of a start, which asks for the clock and the instruments.
  private func turn(_ edges: Edges) throws -> EngineDriver<StoreError> {
    let engine = try Engine(
      .forOneSymbol(), restoring: StoredState(), signals: [:], at: edges.now)
    return EngineDriver(
      engine: engine,
      storage: .init(
        write: { [store] write throws(StoreError) in try store.write(write) },
        commit: { [store] _ throws(StoreError) in try store.commit() }),
      now: { edges.now },
      edges: .init(
        send: { edges.sent.append($0) }, withdrawUnsent: { _ in }, answer: { _, _ in },
        settle: { _ in },
        doubt: { _, _ in }, answerCommand: { _, _ in }, log: { _ in }, watchPrices: { _ in },
        connectAccountStream: {}, storageFailed: { _ in }))
  }

  /// A start counts a third of the pools as used, for what an earlier run may have done.
  @Test func `what makes the pools much used waits until that is on record`() throws {
    let edges = Edges()
    let turn = try turn(edges)
    turn.feed(.tick)
    #expect(edges.requests == [])
    turn.finish()
    #expect(edges.requests.contains(.serverTime))
    #expect(try #require(try store.loadState(now: edges.now.wall).rateUsage).usage.ip >= 34)
  }

  @Test func `what weighs little leaves at once`() throws {
    let edges = Edges()
    let turn = try turn(edges)
    turn.feed(.tick)
    turn.finish()
    let read = try #require(edges.sent.first { $0.request == .serverTime })
    turn.feed(.answer(read.id, .serverTime(edges.now.wall)))
    turn.finish()
    let count = edges.requests.count { $0 == .serverTime }
    edges.now = edges.now.advanced(by: .seconds(61))
    turn.feed(.tick)
    #expect(edges.requests.count { $0 == .serverTime } == count + 1)
  }
}
