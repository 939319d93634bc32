import Foundation
import Glibc
import TestKit

/// A program that was started, all that it says, and how it ends. Killed when nobody holds it.
///
/// `@unchecked Sendable`: the thread that reads shares `state` with the test; both hold `condition`
/// whenever they touch it. Everything else never changes.
final class ChildProcess: @unchecked Sendable {
  enum Ending: Equatable {
    case exited(Int32)
    case killed(Int32)
  }

  private struct State {
    var output: [UInt8] = []
    var lines: [String] = []
    var unfinished: [UInt8] = []
    var ending: Ending?
    /// Counts what may answer a question. That the daemon was asked something is not among it: each
    /// question would bring about the next, as fast as the machine can.
    var news = 0
  }

  private static let noNews = "connected to the control socket"

  let pid: pid_t
  private let condition = NSCondition()
  private var state = State()

  /// Standard input is empty. Of the other descriptors only `passed` are handed on, as 3, 4, …
  init(
    _ path: String, _ arguments: [String], environment: [String: String] = [:],
    passing passed: [CInt] = []
  ) throws {
    let output = try Self.pipe()
    let errors = try Self.pipe()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.write, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
    for (index, descriptor) in passed.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, 3 + CInt(index))
    }
    // Not all of the test runner's descriptors are close-on-exec. One that is gone meanwhile is
    // passed over.
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      guard let number = CInt(name), number > 2 + CInt(passed.count) else { continue }
      unsafe posix_spawn_file_actions_addclose(&actions, number)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // What the test runner blocks or ignores must not be inherited.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let texts = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (texts + variables).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, path, &actions, &attributes, texts, variables)
    close(output.write)
    close(errors.write)
    self.pid = pid
    guard code == 0 else {
      close(output.read)
      close(errors.read)
      throw Unusable("\(path) cannot be started: \(unsafe String(cString: strerror(code)))")
    }
    let reader = Reader(child: self, pid: pid, output: output.read, errors: errors.read)
    Thread.detachNewThread { reader.run() }
  }

  deinit {
    if !hasEnded { kill(pid, SIGKILL) }
  }

  private static func pipe() throws -> (read: CInt, write: CInt) {
    var ends: [CInt] = [-1, -1]
    guard unsafe Glibc.pipe(&ends) == 0 else { throw Unusable("pipe: errno \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private func locked<Value>(_ body: (inout State) -> Value) -> Value {
    condition.lock()
    defer { condition.unlock() }
    return body(&state)
  }

  // MARK: What it said

  /// Whole lines of standard error.
  var lines: [String] { locked { $0.lines } }
  var output: String { locked { String(decoding: $0.output, as: UTF8.self) } }
  var ending: Ending? { locked { $0.ending } }
  var hasEnded: Bool { ending != nil }

  /// The end of what it said, for a failure's text.
  var tail: String { lines.suffix(30).joined(separator: "\n") }

  /// Waits until `condition` gives something: it is asked again whenever the program says something
  /// or ends, and otherwise every so often, for what happens without a word.
  @discardableResult
  func wait<Value>(
    for what: String, within time: Duration = patience, _ question: () throws -> Value?
  ) throws -> Value {
    let end = deadline(after: time)
    while true {
      let seen = locked { $0.news }
      if let value = try question() { return value }
      guard deadline(after: .zero) < end else { throw TimeUp(what, tail) }
      condition.lock()
      if state.news == seen {
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.02))
      }
      condition.unlock()
    }
  }

  /// The first line of standard error with all of the texts in it, from line number `first` on.
  @discardableResult
  func line(
    with texts: String..., from first: Int = 0, within time: Duration = patience
  ) throws -> String {
    try wait(for: "a line with \(texts)", within: time) {
      if let line = lines.dropFirst(first).first(where: { line in texts.allSatisfy(line.contains) })
      {
        return line
      }
      if let ending { throw TimeUp("a line with \(texts); it \(ending)", tail) }
      return nil
    }
  }

  func firstOutputLine() throws -> String {
    try wait(for: "a line on standard output") {
      if let end = output.firstIndex(of: "\n") { return String(output[..<end]) }
      if let ending { throw TimeUp("a line on standard output; it \(ending)", tail) }
      return nil
    }
  }

  // MARK: Its end

  func signal(_ number: CInt) { kill(pid, number) }

  @discardableResult
  func waitForEnd(within time: Duration = patience) throws -> Ending {
    try wait(for: "the end of process \(pid)", within: time) { ending }
  }

  /// Reads both pipes to their end, then collects the process.
  private struct Reader: Sendable {
    weak let child: ChildProcess?
    let pid: pid_t
    let output: CInt
    let errors: CInt

    func run() {
      var open = [output, errors]
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while !open.isEmpty {
        var questions = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard unsafe poll(&questions, nfds_t(questions.count), -1) > 0 else { continue }
        for question in questions where question.revents != 0 {
          let count = unsafe read(question.fd, &buffer, buffer.count)
          if count > 0 {
            child?.take(buffer[..<count], isOutput: question.fd == output)
          } else {
            close(question.fd)
            open.removeAll { $0 == question.fd }
          }
        }
      }
      var status: CInt = 0
      while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
      // wait(2): the low seven bits are the signal, the next byte is the exit status.
      let number = status & 0x7F
      child?.end(number == 0 ? .exited(status >> 8 & 0xFF) : .killed(number))
    }
  }

  private func take(_ bytes: ArraySlice<UInt8>, isOutput: Bool) {
    condition.lock()
    if isOutput {
      state.output += bytes
      state.news += 1
    } else {
      state.unfinished += bytes
      while let end = state.unfinished.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: state.unfinished[..<end], as: UTF8.self)
        if !line.contains(Self.noNews) { state.news += 1 }
        state.lines.append(line)
        state.unfinished.removeSubrange(...end)
      }
    }
    condition.broadcast()
    condition.unlock()
  }

  private func end(_ ending: Ending) {
    condition.lock()
    state.ending = ending
    state.news += 1
    condition.broadcast()
    condition.unlock()
  }
}
