import Foundation
import TestKit

/// A library of Tests/Fixtures that a program is started with in LD_PRELOAD (ld.so(8)).
enum PreloadedLibrary {
  static func compile(_ fixture: String, to library: String) throws {
    let source = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/" + fixture).path
    let compiler = try Self.compiler()
    let process = try ChildProcess(
      compiler.path,
      compiler.options + ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source],
      environment: ["PATH": Self.folders.joined(separator: ":")])
    guard try process.waitForEnd() == .exited(0) else {
      throw Unusable("\(compiler.path) does not compile: \(process.tail)")
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
