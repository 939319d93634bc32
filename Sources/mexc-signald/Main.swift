import Daemon
import Glibc
import Platform

@main
struct Main {
  static func main() {
    _ = CoreDumps.disable()
    exit(DaemonProgram.run(Environment.arguments).rawValue)
  }
}
