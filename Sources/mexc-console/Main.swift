import Console
import Glibc
import Platform

@main
struct Main {
  static func main() {
    ProcessSetup.prepare()
    _ = CoreDumps.disable()
    let status = ConsoleProgram.run(
      Environment.arguments(of: "mexc-console"),
      announce: { OutputLine.write($0, to: STDOUT_FILENO) },
      complain: { OutputLine.write($0, to: STDERR_FILENO) })
    exit(OutputLine.end(with: status.rawValue))
  }
}
