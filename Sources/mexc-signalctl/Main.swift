import Control
import Glibc
import Platform

@main
struct Main {
  static func main() {
    ProcessSetup.prepare()
    _ = CoreDumps.disable()
    let status = runOperator(Environment.arguments(of: "mexc-signalctl"), terminal: .process)
    exit(OutputLine.end(with: status.rawValue))
  }
}
