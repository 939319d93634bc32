import Configuration
import Domain
import Execution
import Platform
import TestKit
import Testing

@testable import Daemon
@testable import Store

@Suite struct `The notify command` {
  /// A notifier with one thing to tell.
  private final class Rig {
    var configuration = Configuration()
    var storageError: StoreError?
    var key: KeyInformation?
    /// How far its clock is ahead.
    var passed = Duration.zero
    let metrics = Metrics()
    let logger: Logger
    private(set) var notifier: Notifier?
    private let loop: EventLoop

    /// `journal` takes its warnings.
    init(_ store: OrderStore, command: [String], journal: CInt = -1) throws {
      loop = try EventLoop()
      logger = Logger(level: .warning, format: .logfmt, descriptor: journal)
      configuration.notify.command = command
      notifier = try Notifier(
        loop: loop, logger: logger, store: store, metrics: metrics,
        settings: { [unowned self] in configuration },
        facts: { [unowned self] in
          NotifyConditions.Facts(key: key, storageError: storageError)
        },
        storeFailed: { _ in },
        now: { [unowned self] in Clock.monotonic().advanced(by: passed) })
      try Outbox(store).add(Notification(.halted, at: Clock.wall(), subject: "s", message: "m"))
    }

    func reload(command: [String]?, events: [NotificationEvent]? = nil) {
      configuration.notify.command = command
      if let events { configuration.notify.events = events }
      notifier?.reconfigured()
    }

    /// How many notifications wait when it has looked at the states of the daemon.
    func look() -> Int? {
      notifier?.lookAround()
      notifier?.endOfTurn()
      return notifier?.waiting
    }

    func turns(until condition: () throws -> Bool) throws -> Bool {
      try loop.turns {
        notifier?.endOfTurn()
        return try condition()
      }
    }
  }

  private let database: OwnedDatabase

  init() throws {
    database = try OwnedDatabase()
  }

  private static let failing = ["/bin/sh", "-c", "exit 3"]
  /// Ends only where it is killed.
  private static let hanging = ["/bin/sh", "-c", "exec sleep 1000"]

  @Test func `its failure is a trouble`() throws {
    let rig = try Rig(database.store, command: Self.failing)
    #expect(try rig.turns { rig.metrics.counts.notifyFailures == 1 })
    #expect(rig.notifier?.trouble?.message.contains("status 3") == true)
  }

  @Test func `its failure is no trouble once it is not set any more`() throws {
    let rig = try Rig(database.store, command: Self.failing)
    rig.notifier?.endOfTurn()
    rig.reload(command: nil)
    #expect(try rig.turns { rig.metrics.counts.notifyFailures == 1 })
    #expect(rig.notifier?.trouble == nil)
    #expect(rig.notifier?.waiting == 1)
  }

  @Test func `its failure says nothing of another that is set meanwhile`() throws {
    let rig = try Rig(database.store, command: Self.failing)
    rig.notifier?.endOfTurn()
    rig.reload(command: Self.hanging)
    #expect(try rig.turns { rig.metrics.counts.notifyFailures == 1 })
    #expect(rig.notifier?.trouble == nil)
  }

  @Test func `a state that is told from now on and had begun before is told once`() throws {
    let rig = try Rig(database.store, command: Self.hanging)
    rig.reload(command: Self.hanging, events: [])
    rig.storageError = .full("disk")
    #expect(rig.look() == 1)
    rig.reload(command: Self.hanging, events: [.storageUnavailable])
    #expect(rig.look() == 2)
    rig.reload(command: Self.hanging, events: [.storageUnavailable, .halted])
    #expect(rig.look() == 2)
  }

  @Test func `a state that began again while there was no command is told`() throws {
    let rig = try Rig(database.store, command: Self.hanging)
    rig.reload(command: Self.hanging, events: [.storageUnavailable])
    rig.storageError = .full("disk")
    #expect(rig.look() == 2)
    rig.reload(command: nil)
    rig.reload(command: Self.hanging)
    // The outbox takes what began in one millisecond for the same.
    let told = Clock.wall()
    while Clock.wall() == told {}
    #expect(rig.look() == 3)
  }

  @Test func `nothing is noted while there is no command`() throws {
    let rig = try Rig(database.store, command: Self.hanging)
    rig.reload(command: nil, events: [.storageUnavailable])
    rig.storageError = .full("disk")
    #expect(rig.look() == 1)
  }

  @Test(arguments: [(nil, 2), (10, 2), (86_410, 1)])
  func `what is old by the time that a command is set again is given up`(
    _ seconds: Int?, _ waiting: Int
  ) throws {
    let journal = try Journal()
    let rig = try Rig(database.store, command: Self.hanging, journal: journal.number)
    let old = Clock.wall().advanced(by: .seconds(-25 * 3_600))
    try Outbox(database.store).add(Notification(.resumed, at: old, subject: "s", message: "m"))
    if let seconds {
      rig.reload(command: nil)
      rig.passed = .seconds(seconds)
    }
    rig.reload(command: Self.hanging)
    #expect(rig.look() == waiting)
    #expect(try journal.lines(of: rig.logger) == 2 - waiting)
  }

  @Test func `the days that a key has left are told once where nothing can be written`() throws {
    let rig = try Rig(database.store, command: Self.hanging)
    rig.key = KeyInformation(validity: .days(5))
    let stranger = try Database(path: database.path, access: .writer(nil))
    try stranger.execute("BEGIN IMMEDIATE", step: "hold the database")
    #expect(rig.look() == 2)
    #expect(rig.look() == 2)
    rig.key = KeyInformation(validity: .days(4))
    #expect(rig.look() == 3)
    try stranger.execute("ROLLBACK", step: "let go of the database")
  }

  @Test func `what was told is not told again where the database does not take it`() throws {
    let journal = try Journal()
    let rig = try Rig(database.store, command: ["/bin/true"], journal: journal.number)
    let stranger = try Database(path: database.path, access: .writer(nil))
    rig.notifier?.endOfTurn()
    try stranger.execute("BEGIN IMMEDIATE", step: "hold the database")
    #expect(try rig.turns { try journal.lines(of: rig.logger) == 2 })
    try stranger.execute("ROLLBACK", step: "let go of the database")
    #expect(try rig.turns { rig.notifier?.waiting == 0 })
    #expect(rig.metrics.counts.notified == 1)
  }
}
