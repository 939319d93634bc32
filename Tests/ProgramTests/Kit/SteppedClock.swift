import Foundation
import Glibc

/// The civil clock of a daemon, which a test sets forward and back. The exchange keeps the true time.
final class SteppedClock {
  /// What a program has to be started with.
  let environment: [String: String]
  private let file: String

  init(_ scratch: Scratch) throws {
    file = scratch("clock-offset")
    let library = scratch("stepped-clock.so")
    try Data(count: MemoryLayout<Int64>.size).write(to: URL(fileURLWithPath: file))
    let source = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/stepped-clock.c").path
    let compiler = try Self.compiler()
    let process = try ChildProcess(
      compiler.path,
      compiler.options + ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source],
      environment: ["PATH": Self.folders.joined(separator: ":")])
    guard try process.waitForEnd() == .exited(0) else {
      throw Unusable("\(compiler.path) does not compile: \(process.tail)")
    }
    environment = ["LD_PRELOAD": library, "STEPPED_CLOCK": file]
  }

  /// How far it is ahead of the true time from now on.
  func set(ahead: Duration) throws {
    var nanoseconds = Int64(ahead / .nanoseconds(1))
    let number = unsafe open(file, O_WRONLY | O_CLOEXEC)
    guard number >= 0 else { throw Unusable("open: errno \(errno)") }
    defer { close(number) }
    let size = MemoryLayout<Int64>.size
    guard unsafe pwrite(number, &nanoseconds, size, 0) == size else {
      throw Unusable("pwrite: errno \(errno)")
    }
  }

  private static var folders: [String] {
    let named = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return named.split(separator: ":").map(String.init) + ["/usr/bin", "/bin"]
  }

  /// Swift's own toolchain brings one, with a linker, so that there always is one.
  private static func compiler() throws -> (path: String, options: [String]) {
    for (name, options) in [("clang", ["-fuse-ld=lld"]), ("cc", [])] {
      for folder in folders {
        let path = folder + "/" + name
        if FileManager.default.isExecutableFile(atPath: path) { return (path, options) }
      }
    }
    throw Unusable("no C compiler on the PATH: \(folders.joined(separator: ":"))")
  }
}
