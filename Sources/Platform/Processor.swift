import Glibc

/// The processor that the caller runs on.
package enum Processor {
  /// Lets whoever else is ready to run on it go first; returns at once when nobody is (sched_yield(2)).
  package static func yield() { _ = sched_yield() }
}
