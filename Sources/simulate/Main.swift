import Glibc
import Platform
import Simulation

@main
enum Main {
  static func main() {
    let status = SimulateProgram.run(
      Environment.arguments, say: { write($0, to: STDOUT_FILENO) },
      complain: { write($0, to: STDERR_FILENO) })
    exit(status)
  }

  /// One line, whole, at once: a long run is watched while it goes on.
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
