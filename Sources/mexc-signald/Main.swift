import Daemon
import Glibc
import Platform

@main
struct Main {
  static func main() {
    ProcessSetup.prepare()
    _ = CoreDumps.disable()
    exit(
      OutputLine.end(with: DaemonProgram.run(Environment.arguments(of: "mexc-signald")).rawValue))
  }
}
