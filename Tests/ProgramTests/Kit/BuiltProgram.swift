import Foundation
import TestKit

/// The programs of this package, as the build that made this test bundle made them.
enum BuiltProgram: String {
  case daemon = "mexc-signald"
  case control = "mexc-signalctl"
  case simulator = "mexc-sim"
  case console = "mexc-console"
  case bench = "mexc-bench"
  case reference = "mexc-bench-reference"
  case simulation = "simulate"

  /// They lie beside the running test bundle, whatever the build's folder is called.
  var path: String {
    get throws {
      let candidates =
        [(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))]
        + CommandLine.arguments.map { Optional($0) } + [Bundle.main.bundlePath + "/."]
      for case .some(let candidate) in candidates where candidate.contains("/") {
        let folder = URL(fileURLWithPath: candidate).deletingLastPathComponent()
        let path = folder.appendingPathComponent(rawValue).path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
      }
      throw Unusable("\(rawValue) is not built beside the tests: swift build --build-tests")
    }
  }
}
