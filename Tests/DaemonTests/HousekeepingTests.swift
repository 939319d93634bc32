import Configuration
import Domain
import Platform
import Store
import TestKit
import Testing

@testable import Daemon

/// What is removed because it is old, on clocks that the test sets.
@Suite struct HousekeepingTests {
  private final class Clocks {
    var monotonic = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var wall: WallTime
    var offset: Duration? = .zero

    init(_ wall: WallTime) {
      self.wall = wall
    }
  }

  @Test(arguments: [Duration.seconds(-86_400), .seconds(86_400), nil])
  func `a clock that becomes wrong or unknown ends the removal of signals`(_ offset: Duration?)
    throws
  {
    let database = try OwnedDatabase()
    let scratch = try Scratch()
    let ids = (10..<22).map { "s\($0)" }
    for id in ids { try database.add(id, .filled(orderID: id)) }
    let clocks = Clocks(database.time.advanced(by: .seconds(400 * 86_400)))
    let loop = try EventLoop(clock: { clocks.monotonic })
    let housekeeping = Housekeeping(
      loop: loop, logger: Logger(level: .error, format: .logfmt, descriptor: -1),
      store: database.store, spool: scratch.path, settings: { Configuration() },
      clockOffset: { clocks.offset }, wall: { clocks.wall }, storeFailed: { _ in })
    let left = { try ids.count { try database.store.signal(try #require(SignalID($0))) != nil } }
    let pass = { (time: Duration) in
      clocks.monotonic = clocks.monotonic.advanced(by: time)
      try loop.turn(until: clocks.monotonic)
    }
    try pass(.seconds(2))
    while try left() == ids.count { try pass(.milliseconds(100)) }
    let leftByFirstStep = try left()
    #expect(leftByFirstStep > 0)
    clocks.offset = offset
    clocks.wall = clocks.wall.advanced(by: .seconds(86_400))
    for _ in 0..<20 { try pass(.milliseconds(100)) }
    #expect(try left() == leftByFirstStep)
    // The next round goes on with a clock that is right.
    clocks.offset = .zero
    try pass(.seconds(3_600))
    for _ in 0..<20 { try pass(.milliseconds(100)) }
    #expect(try left() == 0)
    withExtendedLifetime(housekeeping) {}
  }
}
