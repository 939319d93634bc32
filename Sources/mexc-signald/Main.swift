import Daemon
import Glibc
import Platform

@main
struct Main {
  static func main() {
    exit(DaemonProgram.run(Environment.arguments).rawValue)
  }
}
