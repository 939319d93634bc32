import Domain
import Foundation
import TestKit
import Testing

@testable import Store

/// Turns that the intake log carries: their orders leave before the database has them. A kill is what it
/// leaves: all files as they stand.
@Suite struct CarriedTurnTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func store() throws -> OrderStore {
    let store = try OrderStore(path: scratch.database, boot: "one")
    // The first turn of a run is never carried.
    try store.write(.setHalt(nil))
    try store.commit()
    return store
  }

  /// Accepts a signal that was announced, and arms its order in the same turn.
  private func accept(
    _ id: String, in store: OrderStore, isArmed: Bool = true
  ) throws {
    let raw = Array("signal \(id)".utf8)
    try store.announce(
      signalID(id), raw, from: .socket("test"), arrivedAt: noon, readAt: noon)
    try store.write(.insertSignal(makeSignal(id, raw: raw)))
    let request = try makeRequest(id)
    var order = try Order(
      key: OrderKey(signal: signalID(id)), account: .unstated, request: request,
      reservedQuote: nil, at: noon)
    try append(.created(request, reservedQuote: nil), to: order, in: store)
    if isArmed {
      let armed = try armament()
      try order.apply(armed, at: noon)
      try append(armed, to: order, in: store)
    }
    try store.write(.putOrder(order))
    try store.commit(.recorded)
  }

  /// Arms an order that waits, in a turn of its own.
  private func arm(_ id: String, in store: OrderStore) throws {
    try writeArming(of: id, in: store)
    try store.commit(.written)
  }

  private func writeArming(of id: String, in store: OrderStore) throws {
    let armed = try armament()
    var order = try #require(try store.order(OrderKey(signal: try signalID(id))))
    try order.apply(armed, at: noon)
    try append(armed, to: order, in: store)
    try store.write(.putOrder(order))
  }

  /// Writes what finds no room, now and until `limitSize` gives some.
  private func failForWantOfRoom(_ store: OrderStore) throws {
    try store.writer.limitSize(pages: 1)
    let filler = String(repeating: "x", count: 200_000)
    #expect(throws: StoreError.self) {
      try store.write(.insertSignal(makeSignal("big", raw: Array(filler.utf8))))
    }
  }

  private func armament() throws -> OrderEvent {
    .armed(
      OrderEvent.Armament(
        attempt: 1, stampedAt: noon, receiveWindow: .seconds(5), quote: try makeQuote()))
  }

  private func append(_ event: OrderEvent, to order: Order, in store: OrderStore) throws {
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: noon, subject: .order(order.key), kind: event.kind, detail: event.detail)))
  }

  private func status(of id: String, in reader: StoreReader) throws -> OrderStatus? {
    try reader.order(OrderKey(signal: try signalID(id)))?.status
  }

  /// What a kill now would leave to the next start under the same boot.
  private func afterKill(of store: OrderStore) throws -> OrderStore {
    withExtendedLifetime(store) {
      let copy = scratch("killed")
      for suffix in ["", "-wal", ".intake", ".high-water"] {
        try? FileManager.default.removeItem(atPath: copy + suffix)
        try? FileManager.default.copyItem(
          atPath: scratch.database + suffix, toPath: copy + suffix)
      }
    }
    return try OrderStore(path: scratch("killed"), boot: "one")
  }

  @Test func `the database has a carried turn with the flush, and is not synced by it`() throws {
    let store = try store()
    try accept("a", in: store)
    #expect(store.isBehind)
    #expect(try store.reader.signal(signalID("a")) == nil)
    try store.flush()
    #expect(!store.isBehind)
    #expect(!store.isSynced)
    #expect(try status(of: "a", in: store.reader) == .submitted)
    #expect(store.unsyncedArmings == 1)
  }

  @Test func `a read, a turn and the reading of the state see what was carried`() throws {
    let store = try store()
    try accept("a", in: store)
    #expect(try store.isKnown(signalID("a")))
    try accept("b", in: store)
    #expect(try store.loadState(now: noon).live.count == 2)
    try accept("c", in: store)
    try store.write(.setHalt(nil))
    try store.commit()
    #expect(!store.isBehind)
    #expect(store.isSynced)
    #expect(try status(of: "c", in: store.reader) == .submitted)
  }

  @Test func `after a kill a signal whose order may have left is read again`() throws {
    let store = try store()
    try accept("a", in: store)
    let next = try afterKill(of: store)
    // Turns that come before the reading change nothing.
    for _ in 0..<2 {
      try next.write(.setHalt(nil))
      try next.commit()
      next.catchUp()
    }
    #expect(try next.loadState(now: noon).unrecorded.map(\.id) == [signalID("a")])
  }

  @Test func `after a kill it is read again until a turn that has it is committed`() throws {
    let store = try store()
    try accept("a", in: store)
    let next = try afterKill(of: store)
    #expect(try next.hasTrace(of: signalID("a")))
    #expect(try next.loadState(now: noon).unrecorded.map(\.id) == [signalID("a")])
    try failForWantOfRoom(next)
    next.rollback()
    try next.writer.limitSize(pages: 1_000_000)
    try next.probe()
    next.catchUp()
    #expect(try next.loadState(now: noon).unrecorded.map(\.id) == [signalID("a")])
  }

  @Test func `after a kill a signal whose order has not left is not read again`() throws {
    let store = try store()
    try accept("a", in: store, isArmed: false)
    #expect(store.isBehind)
    let next = try afterKill(of: store)
    // Where its file says that it was taken, the database has lost it.
    #expect(try next.hasTrace(of: signalID("a")) == false)
    #expect(try next.loadState(now: noon).unrecorded == [])
  }

  @Test func `after a kill an order whose arming was carried may have left`() throws {
    let store = try store()
    for id in ["a", "b"] { try accept(id, in: store, isArmed: false) }
    try store.flush()
    try arm("a", in: store)
    #expect(store.isBehind)
    let next = try afterKill(of: store)
    let may = try next.loadState(now: noon).live.map(\.mayHaveLeft)
    #expect(may == [true, false])
    // It stays so when the first turn of the run has taken it over.
    try next.write(.setHalt(nil))
    try next.commit()
    next.catchUp()
    try next.write(.setHalt(nil))
    try next.commit()
    next.catchUp()
    #expect(try next.loadState(now: noon).live.map(\.mayHaveLeft) == [true, false])
  }

  @Test func `a note that the database needs no longer is taken away`() throws {
    let store = try store()
    for id in ["a", "b"] { try accept(id, in: store, isArmed: false) }
    try store.flush()
    try arm("a", in: store)
    try store.flush()
    store.catchUp()
    var order = try #require(try store.order(OrderKey(signal: try signalID("a"))))
    let event = OrderEvent.mayRetry("never left")
    try order.apply(event, at: noon)
    try append(event, to: order, in: store)
    try store.write(.putOrder(order))
    try store.commit()
    #expect(
      try afterKill(of: store).loadState(now: noon).live.map(\.mayHaveLeft) == [false, false])
  }

  @Test func `there is one note: a second arming has the first in the database before it leaves`()
    throws
  {
    let store = try store()
    try accept("b", in: store, isArmed: false)
    try store.flush()
    try accept("a", in: store)
    #expect(store.isBehind)
    try store.write(.appendEvent(armingOfB()))
    try store.commit(.written)
    #expect(!store.isBehind)
    #expect(try status(of: "a", in: store.reader) == .submitted)
  }

  @Test func `a turn that accepts one signal and arms the order of another is not carried`() throws
  {
    let store = try store()
    try accept("b", in: store, isArmed: false)
    try store.flush()
    try store.announce(
      signalID("a"), Array("signal a".utf8), from: .socket("test"), arrivedAt: noon, readAt: noon)
    try store.write(.insertSignal(makeSignal("a", raw: Array("signal a".utf8))))
    try writeArming(of: "b", in: store)
    try store.commit(.recorded)
    #expect(!store.isBehind)
    #expect(try store.reader.signal(signalID("a")) != nil)
  }

  private func armingOfB() throws -> HistoryEvent {
    let armed = try armament()
    return HistoryEvent(
      at: noon, subject: .order(OrderKey(signal: try signalID("b"))), kind: armed.kind,
      detail: armed.detail)
  }

  @Test func `a turn that arms two orders is not carried`() throws {
    let store = try store()
    for id in ["a", "b"] { try accept(id, in: store, isArmed: false) }
    try store.flush()
    for id in ["a", "b"] { try writeArming(of: id, in: store) }
    try store.commit(.written)
    #expect(!store.isBehind)
    #expect(!store.isSynced)
  }

  @Test func `a long turn is not kept in memory`() throws {
    let store = try store()
    for number in 0..<20 {
      try store.write(.insertSignal(makeSignal("s\(number)")))
    }
    try store.commit()
    #expect(try store.isKnown(signalID("s0")))
  }

  @Test func `what a full disk does not take is kept, and written when there is room`() throws {
    let store = try store()
    try accept("a", in: store)
    try failForWantOfRoom(store)
    store.rollback()
    #expect(store.isBehind)
    try store.writer.limitSize(pages: 1_000_000)
    try store.flush()
    #expect(try status(of: "a", in: store.reader) == .submitted)
    #expect(try store.isKnown(signalID("big")) == false)
  }

  @Test func `what has not left is given up where the database does not take it`() throws {
    let store = try store()
    try accept("a", in: store, isArmed: false)
    try failForWantOfRoom(store)
    store.rollback()
    #expect(!store.isBehind)
    #expect(store.hasGivenUp)
    #expect(try store.isKnown(signalID("a")) == false)
  }

  @Test func `what came behind an order that has left is given up, and that order is kept`() throws
  {
    let store = try store()
    try accept("a", in: store)
    try accept("b", in: store, isArmed: false)
    try failForWantOfRoom(store)
    store.rollback()
    #expect(store.isBehind)
    #expect(store.hasGivenUp)
    try store.writer.limitSize(pages: 1_000_000)
    try store.flush()
    #expect(try status(of: "a", in: store.reader) == .submitted)
    #expect(try store.isKnown(signalID("b")) == false)
  }

  @Test func `what the database has is not given up by a later failure`() throws {
    let store = try store()
    try accept("a", in: store, isArmed: false)
    #expect(try store.isKnown(signalID("a")))
    try failForWantOfRoom(store)
    store.rollback()
    #expect(!store.hasGivenUp)
    #expect(try store.isKnown(signalID("a")))
  }

  @Test func `a read that cannot bring a turn in undoes it, and the store goes on`() throws {
    let store = try store()
    try store.writer.limitSize(pages: 1)
    let raw = [UInt8](repeating: 0x20, count: 3_500)
    try store.announce(signalID("a"), raw, from: .socket("test"), arrivedAt: noon, readAt: noon)
    try store.write(.insertSignal(makeSignal("a", raw: raw)))
    try store.write(.insertSignal(makeSignal("b", raw: raw)))
    #expect(throws: StoreError.self) { try store.signal(signalID("c")) }
    store.rollback()
    try store.writer.limitSize(pages: 1_000_000)
    try store.probe()
    #expect(try store.isKnown(signalID("a")) == false)
  }

  @Test(arguments: [false, true])
  func `nothing is carried while another program has the database`(isBegunAhead: Bool) throws {
    let store = try store()
    if isBegunAhead { store.catchUp() }
    let stranger = try Stranger(scratch.database)
    try stranger.execute("BEGIN IMMEDIATE")
    #expect(throws: StoreError.self) { try accept("a", in: store) }
    #expect(!store.isBehind)
    store.rollback()
    try stranger.execute("ROLLBACK")
    try accept("a", in: store)
    #expect(store.isBehind)
  }

  @Test func `a transaction that was begun ahead keeps nobody from the database`() throws {
    let store = try store()
    store.catchUp()
    #expect(store.reader.database.isInTransaction && !store.reader.database.mayWrite)
    let stranger = try Stranger(scratch.database)
    try stranger.execute("BEGIN IMMEDIATE; ROLLBACK")
    try accept("a", in: store)
    #expect(store.isBehind && store.reader.database.mayWrite)
    #expect(throws: Stranger.Refusal.self) { try stranger.execute("BEGIN IMMEDIATE") }
    try store.flush()
    store.catchUp()
    #expect(try StoreReader(path: scratch.database).isKnown(signalID("a")))
    try store.upkeep { () throws(StoreError) in try store.writer.put(.probe, nil) }
    #expect(store.reader.database.isInTransaction && !store.reader.database.mayWrite)
  }

  @Test func `what another program has written meanwhile keeps no signal out`() throws {
    let store = try store()
    store.catchUp()
    try Stranger(scratch.database).execute("CREATE TABLE other (n); INSERT INTO other VALUES (1)")
    try accept("a", in: store)
    try store.flush()
    #expect(try StoreReader(path: scratch.database).isKnown(signalID("a")))
    #expect(try Stranger(scratch.database).value("SELECT count(*) FROM other") == "1")
  }

  @Test func `a log that has grown long is folded between turns`() throws {
    let store = try store()
    store.catchUp()
    let raw = [UInt8](repeating: 0x20, count: 3_000_000)
    try store.write(.insertSignal(makeSignal("large", raw: raw)))
    try store.commit()
    #expect(StateFiles.size(of: scratch.database) < raw.count)
    store.catchUp()
    #expect(StateFiles.size(of: scratch.database) > raw.count)
    try accept("a", in: store)
    try store.flush()
    #expect(try StoreReader(path: scratch.database).isKnown(signalID("a")))
  }

  @Test func `a log that is gone between turns is found, and nothing of it is lost`() throws {
    let store = try store()
    try accept("a", in: store)
    try store.flush()
    store.catchUp()
    try FileManager.default.removeItem(atPath: scratch.database + "-wal")
    #expect(throws: StoreError.self) { try store.checkFiles() }
    #expect(try OrderStore(copyAt: scratch.database).isKnown(signalID("a")))
  }

  @Test func `what is carried is undone by nothing but the turn's own end`() throws {
    let store = try store()
    try accept("a", in: store)
    try store.write(.insertSignal(makeSignal("b")))
    store.rollback()
    #expect(store.isBehind)
    try store.flush()
    #expect(try store.isKnown(signalID("a")))
    #expect(try store.isKnown(signalID("b")) == false)
  }
}
