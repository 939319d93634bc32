import Glibc
import Platform

@main
struct Main {
  static func main() {
    exit(BenchProgram.run(Environment.arguments).rawValue)
  }
}
