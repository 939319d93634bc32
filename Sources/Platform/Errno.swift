import Glibc

/// A failed system call: which call, on what, and the kernel's reason.
package struct SystemError: Error, Hashable, CustomStringConvertible, Sendable {
  /// The call, as its manual page names it.
  package let call: StaticName
  /// What it was applied to: a path, a socket, …; may be empty. Never a secret.
  package let subject: String
  package let number: CInt

  package init(_ call: StaticName, _ subject: String = "", number: CInt) {
    self.call = call
    self.subject = subject
    self.number = number
  }

  /// The error that the call just left in `errno`.
  package static func last(_ call: StaticName, _ subject: String = "") -> SystemError {
    SystemError(call, subject, number: errno)
  }

  package var description: String {
    let reason = unsafe String(cString: strerror(number))
    return subject.isEmpty ? "\(call.text): \(reason)" : "\(call.text) \(subject): \(reason)"
  }

  /// A name that is known when the program is compiled.
  package struct StaticName: Hashable, ExpressibleByStringLiteral, Sendable {
    package let text: String

    package init(stringLiteral text: String) {
      self.text = text
    }
  }
}

/// Calls again while a signal interrupts the call; returns −1 with `errno` set on any other failure.
package func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
