import Glibc
import Platform
import SimulatedExchange

@main
struct Main {
  static func main() {
    ProcessSetup.prepare()
    let status = SimulatorProgram.run(
      Environment.arguments(of: "mexc-sim"), announce: { OutputLine.write($0, to: STDOUT_FILENO) },
      complain: { OutputLine.write($0, to: STDERR_FILENO) })
    exit(OutputLine.end(with: status.rawValue))
  }
}
