import Glibc
import Platform

@main
struct Main {
  static func main() {
    exit(OutputLine.end(with: BenchProgram.run(Environment.arguments(of: "mexc-bench")).rawValue))
  }
}
