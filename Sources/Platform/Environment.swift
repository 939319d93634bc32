import CLinux
import Glibc

/// What the process was started with.
package enum Environment {
  /// The arguments of a program without its name, as the loader gives them. One that is not UTF-8 ends
  /// the program: made into text, it would name another file than the one that was meant.
  package static func arguments(of program: String) -> [String] {
    (0..<clinux_argument_count()).dropFirst().map { index in
      if let text = unsafe String(validatingCString: clinux_argument(index)) { return text }
      let length = unsafe Int(strlen(clinux_argument(index)))
      let shown = UsageMessage.shown(
        (0..<length).map { unsafe UInt8(bitPattern: clinux_argument(index)[$0]) })
      OutputLine.write(
        UsageMessage.text(program, "argument \(index)\(shown) is not UTF-8"), to: STDERR_FILENO)
      exit(ExitCode.wrongUsage.rawValue)
    }
  }

  /// The value of a variable; nil when it is not set.
  package static func value(_ name: String) -> String? {
    guard let text = unsafe getenv(name) else { return nil }
    return unsafe String(cString: text)
  }
}
