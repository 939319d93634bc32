import Cryptography
import Domain
import Execution
import Glibc
import Intake
import Platform
import Store
import TestKit
import Testing

@testable import Daemon

/// Files that are no signals, many at once: each is moved beside a report that says why.
@Suite struct `Files that are over` {
  /// A spool in which each move takes a millisecond.
  private final class SlowSpool: EmptySpool {
    var now = Clock.now()
    var moved: [String] = []
    var refusal: SpoolError?
    var statusRefusal: SystemError?
    var reports: [String: (outcome: SpoolOutcome, report: String)] = [:]
    var active: [String: [UInt8]] = [:]

    override func finish(
      _ moves: [SpoolMove], replacing replaces: ([UInt8], [UInt8]) -> Bool
    ) -> [Result<[UInt8], SpoolError>] {
      moves.map { move in
        if let refusal { return .failure(refusal) }
        now = now.advanced(by: .milliseconds(1))
        let name = ByteText.printable(move.file.name)
        moved.append(name)
        reports[name] = (move.outcome, String(decoding: move.report, as: UTF8.self))
        return .success(move.file.name)
      }
    }
    override func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError) {
      if let statusRefusal { throw statusRefusal }
    }
    override func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) {
      (active.keys.map { Array($0.utf8) }, [])
    }
    override func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] {
      guard let content = active[ByteText.printable(name)] else { throw .vanished }
      return content
    }
  }

  /// A gateway, and what drives it.
  private final class Rig {
    let spool = SlowSpool()
    var scheduled: [() -> Void] = []
    private var deliver: (SpoolFile) -> Void = { _ in }
    private(set) var gateway: SignalGateway?
    private let driver: EngineDriver<StoreError>
    let logger: Logger

    /// `journal` takes its errors.
    init(_ store: OrderStore, journal: CInt = -1) throws {
      let spool = spool
      logger = Logger(level: .error, format: .logfmt, descriptor: journal)
      weak var rig: Rig?
      var onFile: (SpoolFile) -> Void = { _ in }
      let gateway = try SignalGateway(
        time: Timekeeper(
          now: { spool.now }, schedule: { _, action in rig?.scheduled.append(action) }),
        logger: logger, account: "main",
        maximumBytes: 2_000_000, store: store
      ) { take, _ in
        onFile = take
        return spool
      }
      driver = EngineDriver(
        engine: try Engine(
          .forOneSymbol(), restoring: StoredState(), signals: [:], at: spool.now),
        storage: .init(write: { _ in }, commit: { _ in }), now: { spool.now },
        edges: .init(
          send: { _ in }, withdrawUnsent: { _ in }, answer: { gateway.answer($0, $1) },
          settle: { _ in },
          doubt: { _, _ in }, answerCommand: { _, _ in }, log: { _ in }, watchPrices: { _ in },
          connectAccountStream: {}, performed: { gateway.moveFiles() }, storageFailed: { _ in }))
      gateway.driver = driver
      self.gateway = gateway
      deliver = onFile
      rig = self
    }

    /// Files that are handed over in one turn.
    func turn(_ names: [String], bytes: Int = 10) {
      for name in names { deliver(name, [UInt8](repeating: 0x20, count: bytes), spool.now.wall) }
      driver.finish()
    }

    /// One file, last changed at this moment.
    func turn(_ name: String, _ content: [UInt8], at time: WallTime) {
      deliver(name, content, time)
      driver.finish()
    }

    private func deliver(_ name: String, _ content: [UInt8], _ time: WallTime) {
      deliver(
        SpoolFile(
          name: Array(name.utf8), content: .success(content), arrivedAt: time, age: .zero,
          finding: .movedIn))
    }

    /// Runs what was left for the next turn of the loop.
    func nextTurn() {
      let actions = scheduled
      scheduled = []
      for action in actions { action() }
    }
  }

  private let database: OwnedDatabase

  init() throws {
    database = try OwnedDatabase()
  }

  /// Many are moved in several turns.
  @Test(arguments: [3, 100])
  func `a folder that takes no file is told once, and again when it happens again`(
    files: Int
  ) throws {
    let journal = try Journal()
    let rig = try Rig(database.store, journal: journal.number)
    for episode in 1...2 {
      rig.spool.refusal = .blocked(SystemError("renameat", "done", number: EACCES))
      rig.turn((0..<files).map { "f\(episode)-\($0)" })
      for _ in 0..<20 { rig.nextTurn() }
      #expect(try journal.lines(of: rig.logger) == episode)
      rig.spool.refusal = nil
      while !rig.scheduled.isEmpty { rig.nextTurn() }
      #expect(rig.spool.moved.count == files * episode)
    }
  }

  @Test func `a doubt that cannot be written is told once, and again when it happens again`() throws
  {
    let journal = try Journal()
    let logger = Logger(level: .error, format: .logfmt, descriptor: journal.number)
    let spool = SlowSpool()
    var scheduled: [() -> Void] = []
    let files = SignalFiles(
      time: Timekeeper(now: { spool.now }, schedule: { scheduled.append($1) }), logger: logger,
      store: database.store)
    files.spool = spool
    let nextTurn = {
      let actions = scheduled
      scheduled = []
      for action in actions { action() }
    }
    let ids = try (1...3).map { try #require(SignalID("doubt-\($0)")) }
    for id in ids { files.claim(TakenFile(named: Array(id.text.utf8)), for: id) }
    let doubt = Doubt(
      status: .submitted, code: .accepted, message: "no answer",
      clientOrderID: ClientOrderID(account: "main", signal: ids[0]), since: spool.now.wall,
      advice: "wait")
    for episode in 1...2 {
      spool.statusRefusal = SystemError("openat", "active", number: ENOSPC)
      for id in ids { files.tell(doubt, of: id) }
      for _ in 0..<5 { nextTurn() }
      #expect(try journal.lines(of: logger) == episode)
      #expect(files.troubles.count == 1)
      spool.statusRefusal = nil
      nextTurn()
      #expect(files.troubles.isEmpty)
    }
  }

  @Test func `a flood of them is moved bit by bit, in their order`() throws {
    let rig = try Rig(database.store)
    let names = (100..<200).map { "f\($0)" }
    rig.turn(names)
    #expect(rig.spool.moved.count < 50)
    #expect(rig.scheduled.count == 1)
    // What comes meanwhile waits behind them, and asks for no second continuation.
    rig.turn(["late"])
    #expect(rig.scheduled.count == 1)
    var turns = 0
    while !rig.scheduled.isEmpty, turns < 100 {
      turns += 1
      rig.nextTurn()
    }
    #expect(turns > 2)
    #expect(rig.spool.moved == names + ["late"])
  }

  @Test func `a few are moved at once`() throws {
    let rig = try Rig(database.store)
    rig.turn(["a", "b", "c"])
    #expect(rig.spool.moved == ["a", "b", "c"])
    #expect(rig.scheduled.isEmpty)
  }

  /// Each that waits is held in memory with what its file holds.
  @Test func `large ones do not pile up`() throws {
    let rig = try Rig(database.store)
    rig.turn((10..<60).map { "f\($0)" }, bytes: 1_000_000)
    #expect(50 - rig.spool.moved.count <= 8)
  }

  @Test func `what waits to be read comes first, as far as memory allows`() throws {
    let rig = try Rig(database.store)
    rig.spool.hasMore = true
    rig.turn(["a", "b"])
    #expect(rig.spool.moved.isEmpty)
    #expect(rig.scheduled.count == 1)
    rig.nextTurn()
    #expect(rig.spool.moved.isEmpty)
    rig.turn((10..<20).map { "f\($0)" }, bytes: 1_000_000)
    #expect(rig.spool.moved.first == "a")
    #expect(12 - rig.spool.moved.count <= 8)
    rig.spool.hasMore = false
    rig.nextTurn()
    #expect(rig.spool.moved.count == 12)
  }

  @Test func `none is left where the daemon ends`() throws {
    let rig = try Rig(database.store)
    let names = (100..<200).map { "f\($0)" }
    rig.turn(names)
    rig.gateway?.close()
    #expect(rig.spool.moved == names)
  }

  /// systemd waits for half a minute, and orders in flight may have taken a part of it.
  @Test func `a stop does not take for ever`() throws {
    let rig = try Rig(database.store)
    let start = rig.spool.now.monotonic
    rig.turn((10_000..<40_000).map { "f\($0)" })
    rig.gateway?.close()
    #expect(!rig.spool.moved.isEmpty)
    #expect(rig.spool.now.monotonic.since(start) < .seconds(15))
  }

  /// A power cut took what the database had of it.
  @Test func `the file of a lost signal that is denied now leaves active`() throws {
    let rig = try Rig(database.store)
    let readAt = rig.spool.now.wall
    let raw = Array(
      #"{"id":"lost","symbol":"BTCUSDT","side":"buy","type":"market","quote_quantity":"5","expires_at":"2020-01-01T00:00:00Z"}"#
        .utf8)
    rig.spool.active["s.json"] = raw
    var state = StoredState()
    state.unrecorded = [
      IntakeRecord(
        id: try #require(SignalID("lost")), raw: raw, origin: .file(Array("s.json".utf8)),
        arrivedAt: readAt, readAt: readAt, boot: "one")
    ]
    rig.gateway?.open(state)
    rig.turn([])
    let report = try #require(rig.spool.reports["s.json"])
    #expect(report.outcome == .rejected)
    #expect(report.report.contains("expired"))
  }

  /// A crash can come between the commit of a denial and the move of its file.
  @Test func `the file of a denied signal goes where it belongs, and a copy of it is a duplicate`()
    throws
  {
    let rig = try Rig(database.store)
    let received = rig.spool.now.wall
    let id = try #require(SignalID("denied-1"))
    let raw = Array(
      #"{"id":"denied-1","symbol":"BTCUSDT","side":"buy","type":"market","quote_quantity":"5"}"#
        .utf8
    )
    let signal = try SignalReader.read(raw, maximumBytes: 1_000)
    try database.store.write(
      .insertSignal(
        SignalRecord(
          signalID: id, symbol: signal.symbol, side: signal.side, type: signal.type,
          contentDigest: Digest.sha256(Array(signal.canonicalText.utf8)), raw: raw,
          origin: .file(Array("s.json".utf8)), receivedAt: received,
          expiresAt: received.advanced(by: .seconds(60)),
          clientOrderID: ClientOrderID(account: "main", signal: id), decision: .rateLimited,
          message: "too late for its turn", decidedAt: received)))
    try database.store.commit()
    rig.turn("s.json", raw, at: received.advanced(by: .milliseconds(-5)))
    let original = try #require(rig.spool.reports["s.json"])
    #expect(original.outcome == .rejected)
    #expect(original.report.contains("too late for its turn"))
    rig.turn("other.json", raw, at: received.advanced(by: .milliseconds(-5)))
    rig.turn("s.json", raw, at: received.advanced(by: .milliseconds(5)))
    for name in ["other.json", "s.json"] {
      let copy = try #require(rig.spool.reports[name])
      #expect(copy.outcome == .done)
      #expect(copy.report.contains("duplicate"))
    }
  }
}
