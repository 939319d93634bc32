import Daemon
import Domain
import Execution
import Intake
import Platform
import Store
import TestKit
import Testing

/// Files that are no signals, many at once: each is moved beside a report that says why.
@Suite struct `Files that are over` {
  /// A spool in which each move takes a millisecond.
  private final class SlowSpool: Spool {
    var now = Clock.now()
    var moved: [String] = []
    var failure: SystemError? { nil }

    func resume() {}
    func pause() {}
    func close() {}
    func forget(_ name: [UInt8]) {}
    func leaveUnfinished(_ file: SpoolFile, breaksOff: Bool) -> Bool { false }
    func claim(_ file: TakenFile) throws(SpoolError) -> [UInt8] { file.name }
    func finish(
      _ moves: [SpoolMove], replacing replaces: ([UInt8], [UInt8]) -> Bool
    ) -> [Result<[UInt8], SpoolError>] {
      moves.map { move in
        now = now.advanced(by: .milliseconds(1))
        moved.append(ByteText.printable(move.file.name))
        return .success(move.file.name)
      }
    }
    func amend(
      _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
    ) throws(SystemError) -> Bool { false }
    func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError) {}
    func removeStatus(_ name: [UInt8]) throws(SystemError) {}
    func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) { ([], []) }
    func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] { throw .vanished }
    func removeActive(_ name: [UInt8]) throws(SystemError) {}
  }

  /// A gateway, and what drives it.
  private final class Rig {
    let spool = SlowSpool()
    var scheduled: [() -> Void] = []
    private var deliver: (SpoolFile) -> Void = { _ in }
    private(set) var gateway: SignalGateway?
    private let driver: EngineDriver<StoreError>

    init(_ store: OrderStore) throws {
      let spool = spool
      weak var rig: Rig?
      var onFile: (SpoolFile) -> Void = { _ in }
      let gateway = try SignalGateway(
        time: Timekeeper(
          now: { spool.now }, schedule: { _, action in rig?.scheduled.append(action) }),
        logger: Logger(level: .error, format: .logfmt, descriptor: -1), account: "main",
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
          send: { _ in }, withdrawUnsent: { _ in }, answer: { _, _ in }, settle: { _ in },
          doubt: { _, _ in }, answerCommand: { _, _ in }, log: { _ in }, watchPrices: { _ in },
          connectAccountStream: {}, performed: { gateway.moveFiles() }, storageFailed: { _ in }))
      gateway.driver = driver
      self.gateway = gateway
      deliver = onFile
      rig = self
    }

    /// Files that are handed over in one turn.
    func turn(_ names: [String], bytes: Int = 10) {
      for name in names {
        deliver(
          SpoolFile(
            name: Array(name.utf8), content: .success([UInt8](repeating: 0x20, count: bytes)),
            arrivedAt: spool.now.wall, age: .zero, finding: .movedIn))
      }
      driver.finish()
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

  @Test func `none is left where the daemon ends`() throws {
    let rig = try Rig(database.store)
    let names = (100..<200).map { "f\($0)" }
    rig.turn(names)
    rig.gateway?.close()
    #expect(rig.spool.moved == names)
  }
}
