import Glibc
import Platform
import Simulation

@main
enum Main {
  static func main() {
    let interrupt = InterruptSignal()
    let status = SimulateProgram.run(
      Environment.arguments(of: "simulate"), say: { OutputLine.write($0, to: STDOUT_FILENO) },
      complain: { OutputLine.write($0, to: STDERR_FILENO) },
      isInterrupted: { interrupt.isPending })
    exit(OutputLine.end(with: status))
  }
}

/// SIGINT, held back so that it ends nothing in the middle of a seed; SIGTERM ends the program at once.
private struct InterruptSignal {
  init() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  var isPending: Bool {
    var pending = sigset_t()
    unsafe sigpending(&pending)
    return unsafe sigismember(&pending, SIGINT) == 1
  }
}
