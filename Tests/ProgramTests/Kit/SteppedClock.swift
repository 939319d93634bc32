import Foundation
import Glibc
import TestKit

/// The civil clock of a daemon, which a test sets forward and back. The exchange keeps the true time.
final class SteppedClock {
  /// What a program has to be started with.
  let environment: [String: String]
  private let file: String

  init(_ scratch: Scratch) throws {
    file = scratch("clock-offset")
    let library = scratch("stepped-clock.so")
    try Data(count: MemoryLayout<Int64>.size).write(to: URL(fileURLWithPath: file))
    try PreloadedLibrary.compile("stepped-clock.c", to: library)
    environment = ["LD_PRELOAD": library, "STEPPED_CLOCK": file]
  }

  /// How far it is ahead of the true time from now on.
  func set(ahead: Duration) throws {
    var nanoseconds = Int64(ahead / .nanoseconds(1))
    let number = unsafe open(file, O_WRONLY | O_CLOEXEC)
    guard number >= 0 else { throw Unusable("open: errno \(errno)") }
    defer { close(number) }
    let size = MemoryLayout<Int64>.size
    guard unsafe pwrite(number, &nanoseconds, size, 0) == size else {
      throw Unusable("pwrite: errno \(errno)")
    }
  }
}
