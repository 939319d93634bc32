import CLinux
import Glibc
import Synchronization

/// A command that runs beside the loop, with nothing of this process but what it is handed: no
/// descriptor, no variable, no blocked signal. It leads a process group of its own, which ends with it.
package final class ChildCommand: Sendable {
  package enum Ending: Hashable, Sendable {
    case exited(CInt)
    case killed(CInt)
    /// It was stopped.
    case stopped
    case notStarted(SystemError)
  }

  private struct State {
    var group: pid_t?
    var isStopped = false
    var ending: Ending?
  }

  private let state = Mutex(State())

  private init() {}

  /// Begins to run `words`, of which the first is the program's path; `input` stands on its standard
  /// input, and its output goes nowhere. `ended` is called on another thread when `ending` says how it
  /// ended.
  package static func start(
    _ words: [String], environment: [(name: String, value: String)], input: [UInt8],
    ended: @escaping @Sendable () -> Void
  ) -> ChildCommand {
    let command = ChildCommand()
    let variables = environment.map { "\($0.name)=\($0.value)" }
    do throws(SystemError) {
      try BackgroundThread.run {
        command.run(words, variables, input)
        ended()
      }
    } catch {
      command.end(.notStarted(error))
      ended()
    }
    return command
  }

  /// `nil` while it runs.
  package var ending: Ending? { state.withLock { $0.ending } }

  /// Kills it and all that it has started in its process group.
  package func stop() {
    state.withLock { state in
      state.isStopped = true
      // It is not collected while its number stands here, so the number is nobody else's.
      if let group = state.group { kill(-group, SIGKILL) }
    }
  }

  private func end(_ ending: Ending) { state.withLock { $0.ending = ending } }

  private func run(_ words: [String], _ variables: [String], _ input: [UInt8]) {
    let process: pid_t
    do throws(SystemError) {
      process = try Self.spawn(words, variables, Self.file(with: input))
    } catch {
      return end(.notStarted(error))
    }
    state.withLock { state in
      state.group = process
      if state.isStopped { kill(-process, SIGKILL) }
    }
    clinux_await_end(process)
    state.withLock { state in
      kill(-process, SIGKILL)
      state.group = nil
      var status: CInt = 0
      _ = retryingInterrupts { unsafe waitpid(process, &status, 0) }
      // wait(2): the low seven bits are the signal, the next byte is the exit status.
      let signal = status & 0x7F
      state.ending =
        state.isStopped ? .stopped : signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
    }
  }

  /// A file in memory: unlike a pipe, it takes everything at once, whether or not it is read.
  private static func file(with bytes: [UInt8]) throws(SystemError) -> FileDescriptor {
    let number = clinux_make_memory_file()
    guard number >= 0 else { throw .last("memfd_create") }
    let file = FileDescriptor(owning: number)
    let written = unsafe bytes.withUnsafeBytes { buffer in
      unsafe pwrite(number, buffer.baseAddress, buffer.count, 0)
    }
    guard written == bytes.count else { throw .last("pwrite") }
    return file
  }

  private static func spawn(
    _ words: [String], _ variables: [String], _ input: consuming FileDescriptor
  ) throws(SystemError) -> pid_t {
    let program = words.first ?? ""
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let environment = unsafe variables.map { unsafe strdup($0) } + [nil]
    defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe clinux_spawn(&process, arguments, environment, input.number)
    guard code == 0 else { throw SystemError("posix_spawn", program, number: code) }
    return process
  }
}

extension ChildCommand.Ending: CustomStringConvertible {
  package var description: String {
    switch self {
    case .exited(let status): "it exited with status \(status)"
    case .killed(let signal): "it was killed by signal \(signal)"
    case .stopped: "it was killed at its time limit"
    case .notStarted(let error): "it could not be started (\(error))"
    }
  }
}
