import CLinux
package import Domain
import Glibc
import Synchronization

/// The one loop of the program: waits for readiness, timers and wake-ups, and calls their handlers
/// one after another on the thread that turns it. Not `Sendable`: it belongs to that thread.
///
/// A handler must never block. Work that blocks (DNS) runs elsewhere and comes back through `waker`.
package final class EventLoop {
  package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let read = Interest(rawValue: EPOLLIN.rawValue)
    package static let write = Interest(rawValue: EPOLLOUT.rawValue)
  }

  /// What a descriptor is ready for. An error or a hang-up counts as both, so that the next read or
  /// write reports it.
  package struct Readiness: Sendable {
    package let readable: Bool
    package let writable: Bool
  }

  /// Names a timer so that it can be taken back.
  package struct TimerID: Hashable, Sendable {
    fileprivate let due: MonotonicTime
    fileprivate let number: UInt64
  }

  /// Hands work to the loop from any thread.
  package let waker: Waker

  /// What time it is for the timers, and for everybody who works on this loop.
  package var now: MonotonicTime { clock() }

  private let clock: () -> MonotonicTime

  /// How often it has turned, for a status report: a loop at rest hardly does.
  package private(set) var turns = 0

  /// Since when the things that are handled now may have waited unseen: the process was stopped, or
  /// a turn took long. nil while the loop keeps up. It holds until nothing is left of what came
  /// meanwhile.
  package private(set) var heldUpSince: MonotonicTime?
  /// When the last wait ended: what was ready then has been handled.
  private var lastWait: MonotonicTime

  /// How long what comes on coalesced descriptors may lie there, so that one wake-up handles much of
  /// it; zero hands it over as it comes, what lies there in the next turn.
  package var coalescing: Duration = .zero {
    didSet { if coalescing == .zero { endCoalescing() } }
  }
  /// Since when what is handled now may have lain unseen, for either reason.
  package var unseenSince: MonotonicTime? {
    MonotonicTime.earlier(heldUpSince, coalescedSince)
  }
  /// While coalesced descriptors are handled: the last time that nothing was left there.
  private var coalescedSince: MonotonicTime?
  /// The same of what lay there when a pause ended, until it is handled.
  private var lainSince: MonotonicTime?

  private let descriptors: DescriptorSet
  private let coalesced: DescriptorSet
  /// While the coalesced descriptors are left alone: since when, and what ends it.
  private var pause: (since: MonotonicTime, end: TimerID)?
  private var timers: [TimerID: () -> Void] = [:]
  private var due: TimerHeap = TimerHeap()
  private var nextNumber: UInt64 = 1

  /// A turn that comes so much later than it could is one of a loop that was held up. Busy machines
  /// are late by less.
  private static let tolerableDelay = Duration.seconds(1)

  /// Cancelled timers that may wait for their time before the heap is cleared of them.
  private static let idleTimers = 64

  /// A test hands in a clock of its own, and turns the loop after it has set it: a wait for readiness
  /// takes real time all the same. Throws when the kernel has no descriptor or memory left.
  package init(clock: @escaping () -> MonotonicTime = Clock.monotonic) throws(SystemError) {
    self.clock = clock
    lastWait = clock()
    descriptors = try DescriptorSet()
    coalesced = try DescriptorSet()
    waker = try Waker()
    let waker = waker
    try register(waker.descriptor, .read) { _ in waker.drain() }
    try watchCoalesced()
  }

  /// Calls `handler` whenever `fd` is ready. Level-triggered: it is called again until the cause is
  /// consumed. A coalesced descriptor may be left alone for a while, as `coalescing` says. The caller keeps
  /// the descriptor and deregisters it before closing it. Throws when epoll(7) does not take it.
  package func register(
    _ fd: CInt, _ interest: Interest, isCoalesced: Bool = false,
    _ handler: @escaping (Readiness) -> Void
  ) throws(SystemError) {
    try (isCoalesced ? coalesced : descriptors).add(fd, interest, handler)
  }

  /// Changes what a registered descriptor is watched for; an empty interest still reports errors.
  package func change(_ fd: CInt, to interest: Interest) {
    (coalesced.contains(fd) ? coalesced : descriptors).change(fd, to: interest)
  }

  package func deregister(_ fd: CInt) {
    (coalesced.contains(fd) ? coalesced : descriptors).remove(fd)
  }

  /// Runs `action` once, in the first turn at or after `time`. Timers that are due together run in
  /// the order in which they were scheduled.
  @discardableResult
  package func schedule(at time: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
    let id = TimerID(due: time, number: nextNumber)
    nextNumber += 1
    timers[id] = action
    due.insert(id)
    return id
  }

  package func cancel(_ id: TimerID) {
    timers[id] = nil
    // Time-outs are set and taken back with every request, long before they are due.
    if due.count > 2 * timers.count + Self.idleTimers { due = TimerHeap(timers.keys) }
  }

  /// Waits until something is ready or due, or `deadline` passes, and handles all of it. Throws
  /// when the wait fails for another reason than a signal.
  package func turn(until deadline: MonotonicTime? = nil) throws(SystemError) {
    turns += 1
    let wait = waitingTime(until: deadline)
    var count = collect(waiting: heldUpSince == nil ? wait : 0)
    if count == 0, heldUpSince != nil {
      heldUpSince = nil
      // The first wait may have taken longer than it should.
      count = collect(waiting: waitingTime(until: deadline))
    }
    if count < 0 {
      if errno == EINTR { return }
      throw SystemError.last("epoll_pwait2")
    }
    descriptors.handle(count)
    runTimers(at: now)
  }

  /// Waits for events; −1 with `errno` when that fails. Tells a delay.
  private func collect(waiting wait: Int64) -> CInt {
    let began = now
    let count = descriptors.wait(wait)
    let failure = errno
    let ended = now
    // A wait without an end tells nothing about when it should have ended.
    let overslept = wait < 0 ? .zero : ended.since(began) - .nanoseconds(wait)
    if max(began.since(lastWait), overslept) > Self.tolerableDelay {
      heldUpSince = heldUpSince ?? lastWait
    }
    lastWait = ended
    errno = failure
    return count
  }

  /// Nanoseconds, rounded up so that a wait never ends before its time; −1 means for ever.
  private func waitingTime(until deadline: MonotonicTime?) -> Int64 {
    while let first = due.first, timers[first] == nil { due.removeFirst() }
    guard let nearest = MonotonicTime.earlier(deadline, due.first?.due) else { return -1 }
    return max(0, nearest.nanoseconds - now.nanoseconds)
  }

  /// Timers that an action sets wait for the next turn, so that none can hold this one for ever.
  private func runTimers(at now: MonotonicTime) {
    let end = nextNumber
    while let first = due.first, first.due <= now, first.number < end {
      due.removeFirst()
      if let action = timers.removeValue(forKey: first) { action() }
    }
  }

  // MARK: Coalesced descriptors

  /// Handles what lies there, inside this call.
  package func handleCoalesced() {
    if coalesced.isEmpty { return }
    let since = pause?.since ?? lainSince ?? lastWait
    guard let emptied = drainCoalesced(unseenSince: since) else { return }
    lainSince = nil
    pause?.since = emptied
  }

  /// When nothing was left; `nil` when more comes than is handled, which must not hold the loop.
  private func drainCoalesced(unseenSince since: MonotonicTime?) -> MonotonicTime? {
    coalescedSince = since
    defer { coalescedSince = nil }
    for _ in 1...Self.coalescedRounds {
      let began = now
      let count = coalesced.wait(0)
      if count == 0 { return began }
      coalesced.handle(count)
    }
    return nil
  }

  private static let coalescedRounds = 256

  private func watchCoalesced() throws(SystemError) {
    try descriptors.add(coalesced.descriptor, .read) { [unowned self] _ in
      guard let emptied = drainCoalesced(unseenSince: lainSince) else { return }
      lainSince = nil
      if coalescing > .zero { beginPause(since: emptied) }
    }
  }

  private func beginPause(since: MonotonicTime) {
    descriptors.change(coalesced.descriptor, to: [])
    pause = (since, schedulePauseEnd())
  }

  private func schedulePauseEnd() -> TimerID {
    schedule(at: now.advanced(by: coalescing)) { [unowned self] in
      handleCoalesced()
      if coalesced.isEmpty { endPause() } else { pause?.end = schedulePauseEnd() }
    }
  }

  private func endCoalescing() {
    guard let pause else { return }
    cancel(pause.end)
    if coalesced.wait(0) != 0 { lainSince = pause.since }
    endPause()
  }

  private func endPause() {
    pause = nil
    descriptors.change(coalesced.descriptor, to: .read)
  }
}

extension EventLoop {
  /// A binary heap of timers, earliest first; equal times keep their order.
  fileprivate struct TimerHeap {
    private var items: [TimerID] = []

    init() {}

    init(_ items: some Sequence<TimerID>) {
      // A sorted array is a heap.
      self.items = items.sorted(by: Self.precedes)
    }

    var count: Int { items.count }
    var first: TimerID? { items.first }

    private static func precedes(_ left: TimerID, _ right: TimerID) -> Bool {
      (left.due, left.number) < (right.due, right.number)
    }

    mutating func insert(_ item: TimerID) {
      items.append(item)
      var child = items.count - 1
      while child > 0 {
        let parent = (child - 1) / 2
        guard Self.precedes(items[child], items[parent]) else { return }
        items.swapAt(child, parent)
        child = parent
      }
    }

    mutating func removeFirst() {
      guard items.count > 1 else {
        items.removeAll(keepingCapacity: true)
        return
      }
      items[0] = items.removeLast()
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
          if Self.precedes(items[child], items[least]) { least = child }
        }
        guard least != parent else { return }
        items.swapAt(parent, least)
        parent = least
      }
    }
  }
}

/// The other threads' way into the loop: a queue of closures and an eventfd that wakes it.
package final class Waker: Sendable {
  fileprivate let descriptor: CInt
  private let queue = Mutex<[@Sendable () -> Void]>([])

  fileprivate init() throws(SystemError) {
    let number = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
    guard number >= 0 else { throw SystemError.last("eventfd") }
    descriptor = number
  }

  deinit { close(descriptor) }

  /// Runs `work` on the loop's thread, in the order of the calls.
  package func post(_ work: @escaping @Sendable () -> Void) {
    queue.withLock { $0.append(work) }
    var one: UInt64 = 1
    // Fails only when the counter is already at its top, and then the loop is awake anyway.
    _ = unsafe write(descriptor, &one, 8)
  }

  fileprivate func drain() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, 8)
    let work = queue.withLock { pending in
      defer { pending = [] }
      return pending
    }
    for item in work { item() }
  }
}
