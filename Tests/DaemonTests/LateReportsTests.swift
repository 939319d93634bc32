import Domain
import Execution
import Glibc
import Intake
import Platform
import Store
import TestKit
import Testing

@testable import Daemon

/// Orders that are found after the operator closed their signals.
@Suite struct `Reports of late finds` {
  private final class ReportSpool: EmptySpool {
    var moveRefusal: SpoolError?
    var amending: Result<Bool, SystemError> = .success(true)
    var reports: [String] = []
    /// What the one file in `active` holds.
    var active: (name: [UInt8], content: [UInt8])?

    override func finish(
      _ moves: [SpoolMove], replacing replaces: ([UInt8], [UInt8]) -> Bool
    ) -> [Result<[UInt8], SpoolError>] {
      moves.map { move in
        if let moveRefusal { return .failure(moveRefusal) }
        reports.append(String(decoding: move.report, as: UTF8.self))
        return .success(move.file.name)
      }
    }
    override func amend(
      _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
    ) throws(SystemError) -> Bool {
      guard try amending.get() else { return false }
      reports.append(String(decoding: report, as: UTF8.self))
      return true
    }
    override func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) {
      (active.map { [$0.name] } ?? [], [])
    }
    override func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] {
      guard let active, active.name == name else { throw .vanished }
      return active.content
    }
  }

  private let database: OwnedDatabase
  private let journal: Journal
  private let logger: Logger
  private let spool = ReportSpool()
  private let name = Array("s.json".utf8)
  private let start = MonotonicTime(nanoseconds: 1_000_000_000)

  init() throws {
    database = try OwnedDatabase()
    journal = try Journal()
    logger = Logger(level: .error, format: .logfmt, descriptor: journal.number)
  }

  /// An outcome of the signal `id`, with an order of its own in the database.
  private func outcome(
    of id: String, _ fate: OwnedDatabase.Fate, replacesEarlier: Bool
  ) throws -> Outcome {
    let key = try database.add("\(id)-\(replacesEarlier)-\(database.time.milliseconds)", fate)
    return Outcome(
      signalID: try #require(SignalID(id)), code: .accepted, message: "",
      order: try #require(try database.store.order(key)), replacesEarlier: replacesEarlier)
  }

  @Test func `what the file system refuses is told once and tried again`() throws {
    let late = LateReports(logger)
    spool.amending = .failure(SystemError("openat", "done", number: ENOSPC))
    for id in ["a", "b"] {
      let find = try outcome(of: id, .filled(orderID: id), replacesEarlier: true)
      late.replace(LateReports.Find(outcome: find, file: name), in: spool)
    }
    late.retry(in: spool, at: start)
    #expect(late.failed.count == 2)
    #expect(try journal.lines(of: logger) == 1)
    spool.amending = .success(true)
    // Each look reads whole folders.
    for second in 1..<60 { late.retry(in: spool, at: start.advanced(by: .seconds(second))) }
    #expect(late.failed.count == 2)
    late.retry(in: spool, at: start.advanced(by: .seconds(60)))
    #expect(late.failed.isEmpty)
    #expect(spool.reports.count == 2)
    #expect(spool.reports.allSatisfy { $0.contains(#""status": "filled""#) })
    #expect(try journal.lines(of: logger) == 1)
  }

  @Test func `of two finds of a signal the later is written`() throws {
    let late = LateReports(logger)
    spool.amending = .failure(SystemError("openat", "done", number: EROFS))
    for fate in [OwnedDatabase.Fate.open(orderID: "1"), .filled(orderID: "1")] {
      let find = try outcome(of: "a", fate, replacesEarlier: true)
      late.replace(LateReports.Find(outcome: find, file: name), in: spool)
    }
    spool.amending = .success(true)
    late.retry(in: spool, at: start)
    #expect(spool.reports.count == 1)
    #expect(spool.reports.first?.contains(#""status": "filled""#) == true)
  }

  @Test func `a report that is not there is told of`() throws {
    let late = LateReports(logger)
    spool.amending = .success(false)
    let find = try outcome(of: "a", .filled(orderID: "1"), replacesEarlier: true)
    late.replace(LateReports.Find(outcome: find, file: name), in: spool)
    #expect(late.failed.isEmpty)
    #expect(try journal.lines(of: logger) == 1)
  }

  /// Its file still waits to be moved beside a report: that one is written as it is now.
  @Test func `a report that is not written yet is changed`() throws {
    var scheduled: [() -> Void] = []
    let files = SignalFiles(
      time: Timekeeper(now: Clock.now, schedule: { scheduled.append($1) }), logger: logger,
      store: database.store)
    files.spool = spool
    files.claim(TakenFile(named: name), for: try #require(SignalID("a")))
    spool.moveRefusal = .blocked(SystemError("renameat2", "done", number: EROFS))
    files.settle(try outcome(of: "a", .unknown, replacesEarlier: false))
    files.moveFiles()
    files.settle(try outcome(of: "a", .filled(orderID: "1"), replacesEarlier: true))
    spool.moveRefusal = nil
    for _ in 0..<3 {
      let actions = scheduled
      scheduled = []
      for action in actions { action() }
    }
    #expect(spool.reports.count == 1)
    #expect(spool.reports.first?.contains(#""status": "filled""#) == true)
  }

  /// It was in doubt when it was found, and its sender had been told nothing.
  @Test func `a late end whose file is in hand moves it`() throws {
    let files = SignalFiles(
      time: Timekeeper(now: Clock.now, schedule: { _, _ in }), logger: logger,
      store: database.store)
    files.spool = spool
    let id = try database.add("a", .unknown, origin: .file(name)).signal
    files.claim(TakenFile(named: name), for: id)
    spool.amending = .success(false)
    files.settle(try outcome(of: "a", .filled(orderID: "1"), replacesEarlier: true))
    files.moveLastFiles()
    #expect(spool.reports.count == 1)
    #expect(try journal.lines(of: logger) == 0)
  }

  /// It was told as rejected and then, when it was found, as open; its producer sent the same file again.
  @Test func `a late end whose file was sent again changes what was told as well`() throws {
    let files = SignalFiles(
      time: Timekeeper(now: Clock.now, schedule: { _, _ in }), logger: logger,
      store: database.store)
    files.spool = spool
    let id = try database.add("a", .open(orderID: "1"), origin: .file(name)).signal
    guard case .unclaimed = files.repetition(TakenFile(named: name), of: id) else {
      Issue.record("the copy is not taken for the file itself")
      return
    }
    files.claim(TakenFile(named: name), for: id)
    files.settle(try outcome(of: "a", .filled(orderID: "1"), replacesEarlier: true))
    #expect(spool.reports.count == 1)
    files.moveLastFiles()
    #expect(spool.reports.count == 2)
    #expect(spool.reports.allSatisfy { $0.contains(#""status": "filled""#) })
    #expect(try journal.lines(of: logger) == 0)
  }

  /// Those of a start that finds the file of signal `a` in `active`.
  private func filesOfStart() -> SignalFiles {
    spool.active = (
      name,
      Array(
        #"{"id":"a","symbol":"BTCUSDT","side":"buy","type":"market","quote_quantity":"5"}"#.utf8)
    )
    let files = SignalFiles(
      time: Timekeeper(now: Clock.now, schedule: { _, _ in }), logger: logger,
      store: database.store)
    files.spool = spool
    return files
  }

  /// The daemon ended between the commit of the end and the move.
  @Test(arguments: [false, true])
  func `a start that moves the file of a late find changes what was told as well`(
    isFoundLate: Bool
  ) throws {
    let files = filesOfStart()
    let id = try database.add("a", .filled(orderID: "1"), origin: .file(name)).signal
    if isFoundLate {
      try database.store.write(
        .updateDecision(id, .accepted, SignalRecord.foundLate, at: database.time))
      try database.store.commit()
    }
    files.adoptActive([], and: [])
    #expect(spool.reports.count == (isFoundLate ? 2 : 1))
    #expect(spool.reports.allSatisfy { $0.contains(#""status": "filled""#) })
    #expect(spool.reports.allSatisfy { $0.contains("The order is filled: 1 executed for 100") })
    #expect(try journal.lines(of: logger) == 0)
  }

  /// The same where the operator had closed the order: nobody knows what was executed.
  @Test func `a start that moves the file of a closed order tells the operator's word`() throws {
    let files = filesOfStart()
    try database.add("a", .closed("the operator says that it is gone"), origin: .file(name))
    files.adoptActive([], and: [])
    #expect(spool.reports.count == 1)
    #expect(spool.reports.allSatisfy { $0.contains(#""status": "canceled""#) })
    #expect(
      spool.reports.allSatisfy {
        $0.contains(#""message": "the operator says that it is gone""#)
      })
  }

  @Test func `a find moves no other file before its turn`() throws {
    let files = SignalFiles(
      time: Timekeeper(now: Clock.now, schedule: { _, _ in }), logger: logger,
      store: database.store)
    files.spool = spool
    for id in ["a", "b"] {
      files.claim(TakenFile(named: Array(id.utf8)), for: try #require(SignalID(id)))
      files.settle(try outcome(of: id, .unknown, replacesEarlier: false))
    }
    files.settle(try outcome(of: "a", .filled(orderID: "1"), replacesEarlier: true))
    #expect(spool.reports.isEmpty)
    files.moveLastFiles()
    #expect(spool.reports.map { $0.contains(#""status": "filled""#) } == [true, false])
  }
}
