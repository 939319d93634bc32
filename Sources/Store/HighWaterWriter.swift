import Glibc
import Platform
import Synchronization

/// Writes high-water marks on a thread of its own: the disk is not waited for while an order leaves. A
/// mark is at most a few milliseconds behind; of several that wait only the last is written.
final class HighWaterWriter: Sendable {
  private struct Queue {
    var waiting: HighWaterMark?
    var failure: StoreError?
    var hasThread = false
    var isClosed = false
  }

  private let file: Mutex<HighWaterFile>
  private let queue = Mutex(Queue())
  /// A byte in it wakes the thread.
  private let bell: Bell

  /// Throws when the system gives no pipe.
  init(_ file: sending HighWaterFile) throws(StoreError) {
    self.file = Mutex(file)
    bell = try Bell()
  }

  /// Waits until the mark is on the disk.
  func write(_ mark: HighWaterMark) throws(StoreError) {
    queue.withLock { $0.waiting = mark }
    flush()
    if let failure = takeFailure() { throw failure }
  }

  func submit(_ mark: HighWaterMark) {
    let needsThread = queue.withLock { queue in
      queue.waiting = mark
      defer { queue.hasThread = true }
      return !queue.hasThread
    }
    if needsThread { start() }
    bell.ring()
  }

  private func start() {
    do throws(SystemError) {
      try BackgroundThread.run { [self] in
        while bell.wait(), !queue.withLock({ $0.isClosed }) { flush() }
      }
    } catch {
      // Without a thread it is written here.
      queue.withLock { $0.hasThread = false }
      flush()
    }
  }

  /// Returns when what waits is on the disk, or has failed.
  func flush() {
    file.withLock { file in
      guard let mark = queue.withLock({ $0.waiting.take() }) else { return }
      do throws(StoreError) {
        try file.write(mark)
      } catch {
        queue.withLock { $0.failure = error }
      }
    }
  }

  /// The failure since the last call; `nil` when there is none.
  func takeFailure() -> StoreError? { queue.withLock { $0.failure.take() } }

  /// Writes what waits and ends the thread.
  func close() {
    flush()
    queue.withLock { $0.isClosed = true }
    bell.ring()
  }
}

/// Wakes a thread that waits for it.
private final class Bell: Sendable {
  private let readEnd: CInt
  private let writeEnd: CInt

  /// Throws when the system gives no pipe.
  init() throws(StoreError) {
    var ends: [CInt] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw StoreError(number: errno, "pipe") }
    (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // A pipe that is full rings anyway.
    _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  func ring() {
    var byte: UInt8 = 1
    _ = unsafe write(writeEnd, &byte, 1)
  }

  /// Whether it can ring again.
  func wait() -> Bool {
    var bytes: (UInt64, UInt64) = (0, 0)
    return retryingInterrupts {
      unsafe withUnsafeMutableBytes(of: &bytes) { unsafe read(readEnd, $0.baseAddress, $0.count) }
    } > 0
  }
}
