import Domain
import Glibc
import Platform

/// A program that this one has started, until it is reaped.
final class ChildProcess {
  let identifier: pid_t
  /// Just before the process was made.
  let startedAt: MonotonicTime
  /// What wait(2) said of its end.
  private var ending: CInt?

  /// Starts `path` with nothing on standard input, and both outputs appended to `log`. It inherits
  /// neither the signals that this program blocks nor its environment.
  init(path: String, arguments: [String], environment: [String], log: String) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(
      &actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var identifier = pid_t()
    let start = Clock.monotonic()
    let result = unsafe Self.withStrings([path] + arguments) { arguments in
      unsafe Self.withStrings(environment) { environment in
        unsafe posix_spawnp(&identifier, path, &actions, &attributes, arguments, environment)
      }
    }
    guard result == 0 else { throw SystemError("posix_spawn", path, number: result) }
    self.identifier = identifier
    startedAt = start
  }

  deinit {
    guard !hasEnded else { return }
    kill(identifier, SIGKILL)
    var status: CInt = 0
    _ = retryingInterrupts { unsafe waitpid(identifier, &status, 0) }
  }

  /// A C array of C strings, closed by a null pointer.
  private static func withStrings(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> CInt
  ) -> CInt {
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe body(&pointers)
  }

  var hasEnded: Bool {
    if ending != nil { return true }
    var status: CInt = 0
    guard unsafe waitpid(identifier, &status, WNOHANG) == identifier else { return false }
    ending = status
    return true
  }

  /// Whether it has ended with status 0.
  var hasSucceeded: Bool { hasEnded && ending == 0 }

  func terminate() {
    if !hasEnded { kill(identifier, SIGTERM) }
  }
}
