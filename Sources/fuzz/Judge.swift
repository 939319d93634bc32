import FuzzTargets
import Glibc

/// Runs inputs and ends the program at the first that breaks something, as a crash would.
struct Judge {
  let target: FuzzTarget

  /// Processor time of one input, in nanoseconds. No input is worth a tenth of a second, whatever
  /// else the machine does meanwhile.
  private static let timeMaximum = 100_000_000

  func run(_ input: [UInt8]) {
    let start = Self.processorTime()
    do throws(Broken) {
      try target.check(input)
    } catch {
      end("\(target.rawValue): \(error)")
    }
    let time = Self.processorTime() - start
    if time > Self.timeMaximum { end("\(target.rawValue): \(time / 1_000_000) ms for one input") }
  }

  private func end(_ message: String) -> Never {
    complain(message)
    abort()
  }

  private static func processorTime() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}

/// One line on standard error.
func complain(_ message: String) {
  let bytes = Array((message + "\n").utf8)
  unsafe bytes.withUnsafeBytes { buffer in
    _ = unsafe write(STDERR_FILENO, buffer.baseAddress, buffer.count)
  }
}
