import Control
import Glibc
import Platform

@main
struct Main {
  static func main() {
    _ = CoreDumps.disable()
    exit(OutputLine.end(with: runOperator(Environment.arguments, terminal: .process)).rawValue)
  }
}
