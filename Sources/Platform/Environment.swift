import CLinux
import Glibc

/// What the process was started with.
package enum Environment {
  /// The arguments without the program's name, as the loader gives them.
  package static var arguments: [String] {
    (0..<clinux_argument_count()).dropFirst().map { index in
      unsafe String(cString: clinux_argument(index))
    }
  }

  /// The value of a variable; nil when it is not set.
  package static func value(_ name: String) -> String? {
    guard let text = unsafe getenv(name) else { return nil }
    return unsafe String(cString: text)
  }
}
