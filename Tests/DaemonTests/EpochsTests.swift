import Domain
import Execution
import Glibc
import Intake
import Platform
import Store
import Testing

@testable import Daemon

/// A store that fails and recovers, also while no engine uses it.
@Suite struct `The engine's lives over one store` {
  private final class Link: Dispatching {
    private(set) var isOpen = true

    func start() {}
    func send(_ dispatch: Dispatch) {}
    func watchPrices(_ symbols: Set<Symbol>) {}
    func connectAccountStream() {}
    func withdrawUnsent(_ withdrawal: Withdrawal) {}
    func close() { isOpen = false }
  }

  private final class WatchedSpool: EmptySpool {
    private(set) var isHandingOver = false
    /// Called when the files in `active` are listed.
    var listed: () -> Void = {}

    override func resume() { isHandingOver = true }
    override func pause() { isHandingOver = false }
    override func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) {
      listed()
      return ([], [])
    }
  }

  /// Epochs over a store in a file, and what surrounds them.
  private final class Rig {
    let spool = WatchedSpool()
    let epochs: Epochs
    private(set) var links: [Link] = []
    private(set) var deaths: [StoreError] = []
    private(set) var scheduled: [() -> Void] = []
    /// Called when an engine has ended.
    var ended: () -> Void = {}

    init(_ store: OrderStore) throws {
      let spool = spool
      weak var rig: Rig?
      let time = Timekeeper(
        now: Clock.now, schedule: { _, action in rig?.scheduled.append(action) })
      let gateway = try SignalGateway(
        time: time, logger: Logger(level: .error, format: .logfmt, descriptor: -1),
        account: "main", maximumBytes: 65_536, store: store
      ) { _, _ in spool }
      let configuration = try EngineConfiguration.forOneSymbol()
      epochs = Epochs(
        store: store, gateway: gateway, time: time,
        edges: .init(
          configuration: { configuration },
          openLink: { _, _ in
            let link = Link()
            rig?.links.append(link)
            return link
          }, answerCommand: { _, _ in }, log: { _ in }, began: { _ in },
          ended: { _ in rig?.ended() },
          died: { rig?.deaths.append($0) }))
      rig = self
      epochs.begin()
    }

    /// Runs what was left for later.
    func later() {
      let actions = scheduled
      scheduled = []
      for action in actions { action() }
    }
  }

  private let database: OwnedDatabase
  private let rig: Rig

  init() throws {
    database = try OwnedDatabase()
    rig = try Rig(database.store)
  }

  @Test func `however often it is found to be away, one engine comes back`() throws {
    rig.epochs.lose(.full("a commit"))
    rig.epochs.lose(.full("the key's word"))
    rig.epochs.lose(.readOnly("a report"))
    #expect(rig.scheduled.count == 1)
    rig.later()
    // What the new one has begun to write is nobody's else.
    rig.later()
    #expect(rig.links.map(\.isOpen) == [false, true])
    #expect(rig.deaths.isEmpty)
    rig.epochs.lose(.full("again"))
    rig.later()
    #expect(rig.links.map(\.isOpen) == [false, false, true])
    #expect(rig.epochs.storageError == nil)
  }

  @Test func `a write that failed while no engine was there does not end the daemon`() throws {
    rig.epochs.lose(.full("a commit"))
    try #require(unsafe rename(database.path, database.path + ".away") == 0)
    do throws(StoreError) {
      try database.store.write(.setHalt(HaltRecord(reason: "r", since: database.time)))
      Issue.record("the database was not missed")
    } catch {
      rig.epochs.lose(error)
    }
    try #require(unsafe rename(database.path + ".away", database.path) == 0)
    rig.later()
    #expect(rig.deaths.isEmpty)
    #expect(rig.epochs.driver != nil)
    #expect(rig.epochs.storageError == nil)
  }

  @Test func `whoever hears of an engine's end finds why it ended`() {
    var found: [StoreError?] = []
    rig.ended = { [unowned rig] in found.append(rig.epochs.storageError) }
    rig.epochs.lose(.full("a commit"))
    #expect(found == [.full("a commit")])
  }

  @Test func `what the exchange demands is known without an engine, until it is over`() throws {
    let database = try OwnedDatabase()
    let now = Clock.now()
    let ban = BanRecord(
      until: now.wall.advanced(by: .seconds(600)), wait: .seconds(600), isBan: true, reason: "418")
    try database.store.write(.setBan(ban))
    try database.store.commit()
    let rig = try Rig(database.store)
    rig.epochs.lose(.full("a commit"))
    #expect(rig.epochs.driver == nil)
    #expect(rig.epochs.backOff(at: now)?.isBan == true)
    #expect(rig.epochs.backOff(at: now.advanced(by: .seconds(1_200))) == nil)
  }

  @Test func `a store that fails while an epoch opens has its files wait`() throws {
    rig.epochs.lose(.full("a commit"))
    rig.spool.listed = { [rig] in
      rig.spool.listed = {}
      rig.epochs.lose(.full("a look-up"))
    }
    rig.later()
    #expect(rig.epochs.driver == nil)
    #expect(!rig.spool.isHandingOver)
    #expect(rig.links.map(\.isOpen) == [false, false])
    rig.later()
    #expect(rig.epochs.driver != nil)
    #expect(rig.spool.isHandingOver)
  }

  @Test func `a store that cannot be trusted is not tried again`() throws {
    rig.epochs.lose(.full("a commit"))
    rig.epochs.lose(.ioFailure("a look-up"))
    rig.later()
    #expect(rig.links.count == 1)
    #expect(rig.deaths == [.ioFailure("a look-up")])
  }
}
