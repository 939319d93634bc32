import Configuration
import Domain
import Execution
import Platform
import Store
import TestKit
import Testing

@testable import Daemon

@Suite struct `The notify command` {
  /// A notifier with one thing to tell.
  private final class Rig {
    var configuration = Configuration()
    let metrics = Metrics()
    private(set) var notifier: Notifier?
    private let loop: EventLoop

    init(_ store: OrderStore, command: [String]) throws {
      loop = try EventLoop()
      configuration.notify.command = command
      notifier = try Notifier(
        loop: loop, logger: Logger(level: .error, format: .logfmt, descriptor: -1), store: store,
        metrics: metrics, settings: { [unowned self] in configuration },
        facts: { NotifyConditions.Facts() }, storeFailed: { _ in })
      try Outbox(store).add(Notification(.halted, at: Clock.wall(), subject: "s", message: "m"))
    }

    func reload(command: [String]?) {
      configuration.notify.command = command
      notifier?.reconfigured()
    }

    func turns(until condition: () -> Bool) throws -> Bool {
      try loop.turns {
        notifier?.endOfTurn()
        return condition()
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
}
