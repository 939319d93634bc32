import Glibc

/// Lines on standard output and standard error.
package enum OutputLine {
  /// The whole line at once: whoever started the program waits for it. Nobody is left to tell when the
  /// descriptor takes nothing.
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
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
