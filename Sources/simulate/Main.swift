import Glibc
import Simulation

@main
enum Main {
  static func main() {
    exit(SimulateProgram.run(Array(CommandLine.arguments.dropFirst())) { print($0) })
  }
}
