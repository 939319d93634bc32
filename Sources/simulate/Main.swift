import Glibc
import Platform
import Simulation

@main
enum Main {
  static func main() {
    let status = SimulateProgram.run(
      Environment.arguments, say: { OutputLine.write($0, to: STDOUT_FILENO) },
      complain: { OutputLine.write($0, to: STDERR_FILENO) })
    exit(status)
  }
}
