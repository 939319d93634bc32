import CLinux
import Glibc
import Platform
import Synchronization

/// Work that blocks, one piece after the other on a thread of its own, for the loop's thread.
final class Worker {
  typealias Work = @Sendable (Records) -> any Sendable

  /// So many requests may wait for one thread; who comes then is told to try again.
  private static let waitingMaximum = 64

  private let loop: EventLoop
  private let queue: Queue
  private var waiting: [UInt64: (any Sendable) -> Void] = [:]
  private var nextNumber: UInt64 = 1

  /// `database` is what the thread's own records read. Throws when the system gives no thread.
  init(_ loop: EventLoop, database: String) throws(SystemError) {
    self.loop = loop
    let queue = try Queue()
    self.queue = queue
    try BackgroundThread.run {
      let records = Records(database)
      while let job = queue.next() { queue.finish(job.number, job.work(records)) }
    }
    try loop.register(queue.results, .read) { [weak self] _ in self?.collect() }
  }

  deinit {
    loop.deregister(queue.results)
    queue.close()
  }

  /// Calls `then` on the loop's thread with what the work gives; false when too much waits.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable (Records) -> Value, then: @escaping (Value) -> Void
  ) -> Bool {
    guard waiting.count < Self.waitingMaximum else { return false }
    let number = nextNumber
    nextNumber += 1
    waiting[number] = { result in
      if let value = result as? Value { then(value) }
    }
    queue.add(number) { work($0) }
    return true
  }

  private func collect() {
    for (number, result) in queue.takeResults() {
      waiting.removeValue(forKey: number)?(result)
    }
  }
}

extension Worker {
  /// What both threads share.
  private final class Queue: Sendable {
    private struct State {
      var jobs: [(number: UInt64, work: Work)] = []
      var results: [(number: UInt64, result: any Sendable)] = []
      var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts the jobs: the worker's thread waits for it.
    private let jobs: CInt
    /// Readable when there are results.
    let results: CInt

    init() throws(SystemError) {
      jobs = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_SEMAPHORE))
      guard jobs >= 0 else { throw .last("eventfd") }
      results = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
      guard results >= 0 else { throw .last("eventfd") }
    }

    deinit {
      Glibc.close(jobs)
      Glibc.close(results)
    }

    func add(_ number: UInt64, _ work: @escaping Work) {
      state.withLock { $0.jobs.append((number, work)) }
      Self.count(jobs)
    }

    /// Waits for it; nil at the end.
    func next() -> (number: UInt64, work: Work)? {
      while true {
        var count: UInt64 = 0
        _ = retryingInterrupts { unsafe read(jobs, &count, 8) }
        let (job, isClosed) = state.withLock { state in
          (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosed)
        }
        if isClosed { return nil }
        if let job { return job }
      }
    }

    func finish(_ number: UInt64, _ result: any Sendable) {
      state.withLock { $0.results.append((number, result)) }
      Self.count(results)
    }

    func takeResults() -> [(number: UInt64, result: any Sendable)] {
      var count: UInt64 = 0
      _ = unsafe read(results, &count, 8)
      return state.withLock { state in
        defer { state.results = [] }
        return state.results
      }
    }

    func close() {
      state.withLock { $0.isClosed = true }
      Self.count(jobs)
    }

    private static func count(_ descriptor: CInt) {
      var one: UInt64 = 1
      // Fails only when the counter is at its top, and then the other side is awake anyway.
      _ = unsafe write(descriptor, &one, 8)
    }
  }
}
