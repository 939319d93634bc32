import Control
import Glibc
import Platform

@main
struct Main {
  static func main() {
    exit(runOperator(Environment.arguments, terminal: .process).rawValue)
  }
}
