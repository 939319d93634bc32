import Glibc
import Synchronization

/// Lines on standard output and standard error.
package enum OutputLine {
  /// The error number with which standard output refused something; 0 while it took everything.
  private static let refusal = Atomic<CInt>(0)

  /// The whole line at once: whoever started the program waits for it.
  package static func write(_ line: String, to descriptor: CInt) {
    writeText(line + "\n", to: descriptor)
  }

  /// The same without a line's end, for a question.
  package static func writeText(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = retryingInterrupts {
        unsafe rest.withUnsafeBytes { bytes in
          unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
      }
      guard count > 0 else { return refused(descriptor) }
      rest = rest.dropFirst(count)
    }
  }

  /// Whoever reads a pipe may leave when he has what he wants: that is no failure.
  private static func refused(_ descriptor: CInt) {
    let number = errno
    guard descriptor == STDOUT_FILENO, number != EPIPE else { return }
    refusal.store(number, ordering: .relaxed)
  }

  /// Whether a line is missing on standard output: what follows would be of no use.
  package static var hasRefused: Bool { refusal.load(ordering: .relaxed) != 0 }

  /// With what a program ends: what was asked for has failed, too, when it could not be printed whole.
  package static func end(with status: Int32) -> Int32 {
    let number = refusal.load(ordering: .relaxed)
    guard number != 0 else { return status }
    let reason = unsafe String(cString: strerror(number))
    write(
      "the output is not complete: standard output cannot be written (\(reason))", to: STDERR_FILENO
    )
    return status == ExitCode.done.rawValue ? ExitCode.failed.rawValue : status
  }
}
