import Domain
import Foundation
import Glibc
import Platform
import TestKit
import Testing

@Suite struct `The event loop` {
  private final class Seen {
    var names: [String] = []
    var timer: EventLoop.TimerID?
  }

  private let loop: EventLoop
  private let seen = Seen()

  init() throws { loop = try EventLoop() }

  private var now: MonotonicTime { Clock.monotonic() }

  @Test func `timers run in the order of their times, equal ones in that of their setting`() throws
  {
    let seen = seen
    let start = now
    for (name, delay) in [("d", 4), ("b", 2), ("a", 1), ("c", 2), ("now", -5)] {
      loop.schedule(at: start.advanced(by: .milliseconds(delay))) { seen.names.append(name) }
    }
    #expect(try loop.turns { seen.names.count == 5 })
    #expect(seen.names == ["now", "a", "b", "c", "d"])
    #expect(now >= start.advanced(by: .milliseconds(4)))
  }

  /// What came while a turn took long is known to have waited, until all of it is handled.
  @Test func `a loop that was held up says since when`() throws {
    let seen = seen
    let loop = loop
    let pair = try Pair.pipe()
    try loop.register(pair.far, .read) { _ in
      seen.names.append(loop.heldUpSince == nil ? "fresh" : "waited")
      _ = available(pair.far)
    }
    let start = now
    loop.schedule(at: start) {
      _ = unsafe write(pair.near, "x", 1)
      // A handler that blocks, as a slow disk does.
      _ = poll(nil, 0, 1_100)
    }
    try loop.turn()
    #expect(loop.heldUpSince == nil)
    try loop.turn(until: now)
    #expect(seen.names == ["waited"])
    let since = try #require(loop.heldUpSince)
    #expect(since >= start && now.since(since) > .seconds(1))
    _ = unsafe write(pair.near, "x", 1)
    try loop.turn(until: now)
    #expect(seen.names == ["waited", "waited"])
    try loop.turn(until: now)
    #expect(loop.heldUpSince == nil)
    _ = unsafe write(pair.near, "x", 1)
    try loop.turn(until: now)
    #expect(seen.names == ["waited", "waited", "fresh"])
    loop.deregister(pair.far)
  }

  /// A clock that stands until it is set, a coalesced descriptor, and what its handler has seen.
  private final class Coalesced {
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var seen: [Duration?] = []
    let pair: Pair
    private(set) var loop: EventLoop

    init() throws {
      pair = try Pair.pipe()
      loop = try EventLoop()
      loop = try EventLoop(clock: { [unowned self] in now })
      try loop.register(pair.far, .read, isCoalesced: true) { [unowned self] _ in
        _ = available(pair.far)
        seen.append(loop.unseenSince.map { now.since($0) })
      }
    }

    deinit { loop.deregister(pair.far) }

    func write() { _ = unsafe Glibc.write(pair.near, "x", 1) }

    func pass(_ duration: Duration) throws {
      now = now.advanced(by: duration)
      try loop.turn(until: now)
    }
  }

  @Test func `what comes on a coalesced descriptor lies there for a while`() throws {
    let rig = try Coalesced()
    rig.write()
    try rig.pass(.zero)
    #expect(rig.seen == [nil])
    rig.loop.coalescing = .milliseconds(100)
    // The first wakes the loop, and what follows waits.
    rig.write()
    try rig.pass(.zero)
    #expect(rig.seen == [nil, nil])
    try rig.pass(.milliseconds(30))
    rig.write()
    try rig.pass(.milliseconds(60))
    #expect(rig.seen.count == 2)
    try rig.pass(.milliseconds(10))
    #expect(rig.seen == [nil, nil, .milliseconds(100)])
    // Nothing came.
    try rig.pass(.milliseconds(100))
    rig.write()
    try rig.pass(.milliseconds(100))
    #expect(rig.seen == [nil, nil, .milliseconds(100), .milliseconds(100)])
  }

  @Test func `what lies on a coalesced descriptor is handled when somebody wants it`() throws {
    let rig = try Coalesced()
    rig.loop.coalescing = .milliseconds(100)
    rig.loop.handleCoalesced()
    rig.write()
    try rig.pass(.zero)
    #expect(rig.seen == [nil])
    rig.write()
    try rig.pass(.milliseconds(40))
    rig.loop.handleCoalesced()
    #expect(rig.seen == [nil, .milliseconds(40)])
    rig.write()
    try rig.pass(.milliseconds(20))
    rig.loop.coalescing = .zero
    // In a turn, so that what follows from it is seen to before the loop waits.
    #expect(rig.seen.count == 2)
    try rig.pass(.zero)
    #expect(rig.seen == [nil, .milliseconds(40), .milliseconds(20)])
    rig.write()
    try rig.pass(.milliseconds(1))
    #expect(rig.seen.last == .some(nil))
    #expect(rig.seen.count == 4)
  }

  /// As of the last look at it.
  @Test func `it is handled when somebody wants it also where no pause stands`() throws {
    let rig = try Coalesced()
    try rig.pass(.zero)
    rig.now = rig.now.advanced(by: .milliseconds(5))
    rig.write()
    rig.loop.handleCoalesced()
    #expect(rig.seen == [.milliseconds(5)])
    rig.loop.handleCoalesced()
    #expect(rig.seen.count == 1)
  }

  @Test func `what comes after a pause in which nothing lay there is fresh`() throws {
    let rig = try Coalesced()
    rig.loop.coalescing = .milliseconds(100)
    rig.write()
    try rig.pass(.zero)
    try rig.pass(.milliseconds(50))
    rig.loop.coalescing = .zero
    try rig.pass(.milliseconds(50))
    rig.write()
    try rig.pass(.milliseconds(50))
    #expect(rig.seen == [nil, nil])
  }

  /// Nothing wakes the loop for the sake of a descriptor that is gone.
  @Test func `a pause ends with the last coalesced descriptor`() throws {
    let rig = try Coalesced()
    rig.loop.coalescing = .milliseconds(100)
    rig.write()
    try rig.pass(.zero)
    rig.loop.deregister(rig.pair.far)
    try rig.pass(.milliseconds(100))
    let turns = rig.loop.turns
    rig.now = rig.now.advanced(by: .seconds(1))
    // It would be due again, and the turn would end at once.
    let began = now
    rig.loop.schedule(at: rig.now.advanced(by: .milliseconds(20))) {}
    rig.now = rig.now.advanced(by: .zero - .seconds(1))
    try rig.loop.turn(until: rig.now.advanced(by: .milliseconds(150)))
    #expect(now.since(began) >= .milliseconds(140))
    #expect(rig.loop.turns == turns + 1)
  }

  /// A clock that stands, but for one jump at a reading that is named before.
  private final class JumpingClock {
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private var jump: (reading: Int, by: Duration)?

    func read() -> MonotonicTime {
      if let (reading, duration) = jump {
        jump = reading > 1 ? (reading - 1, duration) : nil
        if reading == 1 { advance(by: duration) }
      }
      return now
    }

    func advance(by duration: Duration) { now = now.advanced(by: duration) }

    func jump(by duration: Duration, atReading reading: Int) { jump = (reading, duration) }
  }

  /// The process was stopped between a turn's begin and the end of its first wait.
  @Test(arguments: 1...3) func `a timer that became due while a wait took long is not waited for`(
    reading: Int
  ) throws {
    let clock = JumpingClock()
    let loop = try EventLoop(clock: { clock.read() })
    let pair = try Pair.pipe()
    try loop.register(pair.far, .read) { _ in _ = available(pair.far) }
    // A loop that is held up looks first for what came meanwhile, and only then waits.
    _ = unsafe write(pair.near, "x", 1)
    clock.advance(by: .seconds(2))
    try loop.turn(until: clock.now)
    try #require(loop.heldUpSince != nil)
    let seen = seen
    let delay = Duration.seconds(20)
    loop.schedule(at: clock.now.advanced(by: delay)) { seen.names.append("due") }
    clock.jump(by: delay * 2, atReading: reading)
    let began = now
    try loop.turn()
    #expect(seen.names == ["due"])
    #expect(now.since(began) < delay / 2)
    loop.deregister(pair.far)
  }

  @Test func `a cancelled timer does not run, even from an action of the same turn`() throws {
    let seen = seen
    let loop = loop
    let time = now
    loop.schedule(at: time) {
      seen.names.append("first")
      if let timer = seen.timer { loop.cancel(timer) }
    }
    seen.timer = loop.schedule(at: time) { seen.names.append("cancelled") }
    try loop.turn()
    try loop.turn(until: now)
    #expect(seen.names == ["first"])
  }

  @Test func `many cancelled timers leave the others as they were`() throws {
    let seen = seen
    let start = now
    for number in 0..<1_000 {
      let timer = loop.schedule(at: start.advanced(by: .seconds(1_000 - number))) {
        seen.names.append("never")
      }
      if number % 100 == 50 {
        loop.schedule(at: start.advanced(by: .microseconds(number))) {
          seen.names.append("\(number)")
        }
      }
      loop.cancel(timer)
    }
    #expect(try loop.turns { seen.names.count == 10 })
    #expect(seen.names == (0..<10).map { "\($0 * 100 + 50)" })
  }

  @Test func `a timer that an action sets waits for the next turn`() throws {
    let seen = seen
    let loop = loop
    let past = now.advanced(by: .seconds(-1))
    func again() {
      seen.names.append("turn")
      if seen.names.count < 4 { loop.schedule(at: past, again) }
    }
    again()
    for turn in 1...3 {
      try loop.turn()
      #expect(seen.names.count == turn + 1)
    }
  }

  @Test func `a turn ends at its deadline, not before`() throws {
    let deadline = now.advanced(by: .milliseconds(10))
    try loop.turn(until: deadline)
    #expect(now >= deadline)
  }

  @Test func `a ready descriptor is reported until its cause is consumed`() throws {
    let seen = seen
    let pipe = try Pair.pipe()
    try loop.register(pipe.far, .read) { readiness in
      seen.names.append("\(readiness.readable) \(readiness.writable)")
    }
    #expect(unsafe write(pipe.near, "x", 1) == 1)
    try loop.turn(until: now)
    try loop.turn(until: now)
    #expect(seen.names == ["true false", "true false"])
    #expect(available(pipe.far) == "x")
    try loop.turn(until: now)
    #expect(seen.names.count == 2)
    pipe.close(pipe.near)
    try loop.turn(until: now)
    #expect(seen.names.last == "true true")
    loop.deregister(pipe.far)
    try loop.turn(until: now)
    #expect(seen.names.count == 3)
  }

  @Test func `interest can be changed`() throws {
    let seen = seen
    let pair = try Pair.socket()
    try loop.register(pair.near, [.read, .write]) { readiness in
      seen.names.append("\(readiness.readable) \(readiness.writable)")
    }
    try loop.turn(until: now)
    loop.change(pair.near, to: .read)
    try loop.turn(until: now)
    #expect(seen.names == ["false true"])
    loop.deregister(pair.near)
  }

  @Test func `a handler may take another's descriptor away in the same turn`() throws {
    let seen = seen
    let loop = loop
    let pairs = [try Pair.socket(), try Pair.socket()]
    for pair in pairs {
      let other = pairs.first { $0 !== pair }?.near ?? -1
      try loop.register(pair.near, .write) { _ in
        seen.names.append("called")
        loop.deregister(other)
      }
    }
    try loop.turn()
    #expect(seen.names == ["called"])
    for pair in pairs { loop.deregister(pair.near) }
  }

  @Test func `another thread wakes the loop, in the order of its posts`() throws {
    let flag = Flag()
    let waker = loop.waker
    let order = Order()
    let thread = Thread {
      for number in 0..<1_000 { waker.post { order.append(number) } }
      waker.post { flag.set() }
    }
    thread.start()
    #expect(try loop.turns { flag.isSet })
    #expect(order.numbers == Array(0..<1_000))
  }

  @Test func `a closed descriptor that was not deregistered stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let loop = try EventLoop()
      var numbers: [CInt] = [0, 0]
      _ = unsafe pipe(&numbers)
      try loop.register(numbers[0], .read) { _ in }
      close(numbers[0])
      dup2(numbers[1], numbers[0])
      try loop.register(numbers[0], .write) { _ in }
      exit(0)
    }
  }
}
