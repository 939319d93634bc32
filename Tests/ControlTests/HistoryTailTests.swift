import Control
import Domain
import Foundation
import JSON
import Platform
import Store
import Testing

@Suite struct `Following the history` {
  private let bench: ControlBench

  init() throws {
    bench = try ControlBench()
    try bench.write(Story.filledLimit())
  }

  private func tail(
    _ filter: TailFilter = TailFilter(), from start: TailStart = .now
  ) throws -> HistoryTail {
    try HistoryTail(bench.database, filter, from: start)
  }

  @Test func `what is committed comes once and in its order`() throws {
    var tail = try tail()
    #expect(try tail.next().rows == [])
    let last = try bench.store.head().row
    try bench.write(Story.deniedAtOnce())
    let batch = try tail.next()
    #expect(batch.rows.map(\.event.kind) == ["signal_received", "signal_denied"])
    #expect(batch.rows.map(\.link.row) == [last + 1, last + 2])
    #expect(try tail.next().rows == [])
  }

  @Test func `it begins where it is told to`() throws {
    var all = try tail(from: .row(0))
    let rows = try all.next().rows
    #expect(rows.count == Int(try bench.store.head().row))
    var rest = try tail(from: .row(3))
    #expect(try rest.next().rows == Array(rows.dropFirst(3)))
    var later = try tail(from: .time(Story.morning.advanced(by: .milliseconds(530))))
    #expect(try later.next().rows.map(\.event.kind) == ["order_observed", "order_observed"])
  }

  @Test func `it shows what the filter takes`() throws {
    try bench.write(Story.open())
    try bench.write(Story.resolvedByHand())
    func subjects(_ filter: TailFilter) throws -> Set<String?> {
      var tail = try tail(filter, from: .row(0))
      return Set(try tail.next().rows.map { $0.symbol?.text })
    }
    #expect(try subjects(TailFilter(signal: SignalID("s-open"))) == ["ETHUSDT"])
    #expect(try subjects(TailFilter(symbol: Symbol(exchangeText: "BTCUSDT"))) == ["BTCUSDT"])
    var grave = try tail(TailFilter(level: .warning), from: .row(0))
    #expect(
      try grave.next().rows.map(\.event.kind) == [
        "order_outcome_lost", "order_not_found", "signal_conflict", "order_closed_by_operator",
      ])
    var all = try tail(TailFilter(level: .info), from: .row(0))
    #expect(try !all.next().rows.contains { $0.event.kind == "order_looked_up" })
  }

  @Test func `that a source fell silent matters as much as the journal's line`() throws {
    for kind in ["source_silent", "source_heard"] {
      try bench.store.write(
        .appendEvent(
          HistoryEvent(
            at: Story.morning, subject: .daemon, kind: kind, detail: ["source": "bot-1"])))
    }
    try bench.store.commit()
    let last = try bench.store.head().row
    for (level, count) in [(LogLevel.warning, 1), (.notice, 2)] {
      var tail = try tail(TailFilter(level: level), from: .row(last - 2))
      #expect(try tail.next().rows.count == count)
    }
  }

  @Test func `a long history comes in parts`() throws {
    for number in 0..<600 {
      try bench.store.write(
        .appendEvent(
          HistoryEvent(
            at: Story.morning, subject: .daemon, kind: "started", detail: ["n": .integer(number)])))
    }
    try bench.store.commit()
    var tail = try tail(from: .row(0))
    let first = try tail.next()
    #expect(first.isCut && first.rows.count == 500)
    let second = try tail.next()
    #expect(
      !second.isCut && Int64(first.rows.count + second.rows.count) == second.rows.last?.link.row)
  }

  /// Puts a file in the place of the database, without what lay beside that.
  private func replace(by file: String) throws {
    let manager = FileManager.default
    for suffix in ["", "-wal", "-shm"] where manager.fileExists(atPath: bench.database + suffix) {
      try manager.moveItem(atPath: bench.database + suffix, toPath: file + ".former" + suffix)
    }
    try manager.moveItem(atPath: file, toPath: bench.database)
  }

  @Test func `another database in the same place is followed from its end on`() throws {
    let copy = bench.folder + "/copy.db"
    _ = try Backup.make(of: bench.database, at: copy)
    var known = try tail()
    try bench.write(Story.deniedAtOnce())
    var ahead = try tail()
    try replace(by: copy)
    // What was shown last stands in it: it goes on where it was.
    #expect(try known.next().newBeginning == nil)
    let head = try StoreReader(path: bench.database).head()
    #expect(try ahead.next().newBeginning == head.row)
    #expect(try ahead.next().newBeginning == nil)
  }

  @Test func `a database that is away for a moment is followed when it is back`() throws {
    let copy = bench.folder + "/copy.db"
    _ = try Backup.make(of: bench.database, at: copy)
    var tail = try tail()
    try replace(by: copy)
    try FileManager.default.moveItem(atPath: bench.database, toPath: copy)
    #expect(throws: StoreError.self) { try tail.next() }
    try FileManager.default.moveItem(atPath: copy, toPath: bench.database)
    #expect(try tail.next().rows == [])
  }
}
