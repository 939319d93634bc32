import Glibc
import Simulation

@main
enum Main {
  static func main() {
    exit(SimulateProgram.run(Array(CommandLine.arguments.dropFirst()), say: write))
  }

  /// One line, whole, at once: a long run is watched while it goes on.
  private static func write(_ line: String) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { bytes in
        unsafe Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
