import Console
import Glibc
import Platform

@main
struct Main {
  static func main() {
    _ = CoreDumps.disable()
    let status = ConsoleProgram.run(
      Environment.arguments, announce: { write($0, to: STDOUT_FILENO) },
      complain: { write($0, to: STDERR_FILENO) })
    exit(status.rawValue)
  }

  /// One line, whole, at once: whoever started the program waits for it.
  private static func write(_ line: String, to descriptor: CInt) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { bytes in
        unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
