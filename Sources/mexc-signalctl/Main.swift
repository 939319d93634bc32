import Daemon
import Glibc

@main
struct Main {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    exit(runOperator(arguments, terminal: .process).rawValue)
  }
}
