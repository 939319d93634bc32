import Domain
import Foundation
import Glibc
import Platform
import TestKit
import Testing

/// A command that runs beside the loop.
struct ChildCommandTests {
  private let loop: EventLoop
  private let scratch: Scratch

  init() throws {
    loop = try EventLoop()
    scratch = try Scratch()
  }

  private func run(
    _ words: [String], environment: [(name: String, value: String)] = [], input: [UInt8] = [],
    then act: (ChildCommand) throws -> Void = { _ in }
  ) throws -> ChildCommand.Ending {
    let waker = loop.waker
    let command = ChildCommand.start(words, environment: environment, input: input) {
      waker.post {}
    }
    try act(command)
    guard try loop.turns(until: { command.ending != nil }), let ending = command.ending else {
      throw TimeUp("the end of \(words)")
    }
    return ending
  }

  /// What another process does wakes no loop.
  private func wait(_ holds: () -> Bool) throws {
    let end = deadline(after: patience)
    while !holds() {
      guard loop.now < end else { throw TimeUp("the other process") }
      try loop.turn(until: loop.now.advanced(by: .milliseconds(20)))
    }
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: scratch(name), encoding: .utf8)
  }

  private func shell(_ script: String, input: [UInt8] = []) throws -> ChildCommand.Ending {
    try run(["/bin/sh", "-c", script], input: input)
  }

  @Test func `how it ends is told`() throws {
    #expect(try shell("exit 0") == .exited(0))
    #expect(try shell("exit 7") == .exited(7))
    #expect(try shell("kill -TERM $$") == .killed(SIGTERM))
    #expect(
      try run(["/does/not/exist"])
        == .notStarted(SystemError("posix_spawn", "/does/not/exist", number: ENOENT)))
  }

  @Test func `it gets the whole of its input, whether or not it reads it`() throws {
    let input = [UInt8](repeating: 0x61, count: 300_000)
    #expect(try shell("cat > '\(scratch("copy"))'", input: input) == .exited(0))
    #expect(try text("copy").utf8.elementsEqual(input))
    #expect(try shell("exit 0", input: input) == .exited(0))
  }

  @Test func `it has nothing of this process but what it is handed`() throws {
    // Not close-on-exec, as a library may leave it.
    let stray = unsafe open("/dev/null", O_RDONLY)
    defer { close(stray) }
    unsafe setenv("CHILD_COMMAND_SECRET", "s", 1)
    #expect(
      try run(
        [
          "/bin/sh", "-c",
          "(exec > '\(scratch("fds"))'; ls /proc/$$/fd); env > '\(scratch("env"))'; pwd > '\(scratch("pwd"))'",
        ],
        environment: [("PATH", "/usr/bin:/bin"), ("A", "b c")]) == .exited(0))
    #expect(try text("fds") == "0\n1\n2\n")
    #expect(try text("pwd") == "/\n")
    let names = try text("env").split(separator: "\n")
      .map { $0.prefix { $0 != "=" } }
    // The shell's own are PWD, OLDPWD, SHLVL and _.
    #expect(Set(names).subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == ["PATH", "A"])
  }

  @Test func `it is stopped with everything that it has started`() throws {
    let file = scratch("pid")
    let ending = try run(
      ["/bin/sh", "-c", "sleep 1000 & echo $! > '\(file).new'; mv '\(file).new' '\(file)'; wait"],
      environment: [("PATH", "/usr/bin:/bin")]
    ) { command in
      try wait { FileStatus.at(path: file) != nil }
      command.stop()
    }
    #expect(ending == .stopped)
    let number = try text("pid").dropLast()
    let process = try #require(pid_t(number))
    // Whoever adopts it may take a while to collect it.
    try wait { Self.hasEnded(process) }
  }

  /// A process that is gone, or a zombie.
  private static func hasEnded(_ process: pid_t) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return true
    }
    let state = text.split(separator: ")").last?.split(separator: " ").first
    return state == "Z" || state == "X"
  }

  @Test func `one that is stopped before it begins never runs long`() throws {
    #expect(try run(["/bin/sleep", "1000"]) { $0.stop() } == .stopped)
  }
}
