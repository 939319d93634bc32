import Execution
import Intake
import Platform

/// What the spool's file system refuses, and what can be done about it. Each is nil where nothing is
/// refused.
enum SpoolTrouble {
  static func unopened(_ error: SystemError?) -> Trouble? {
    error.map { error in
      trouble(
        "no file is taken, because the spool cannot be read; it is tried again every second "
          + "(\(error))",
        advice: "see to it that incoming, active, done and rejected are folders on one mount that "
          + "the daemon's user may read and write, and that no other daemon works on them")
    }
  }

  static func unclaimed(_ count: Int, _ error: SpoolError?) -> Trouble? {
    error.map { error in
      trouble(
        "\(files(count)) with a signal that was taken cannot be moved to active; it is tried again "
          + "every second, and the orders go on (\(error))",
        advice: "\(writable("incoming and active")); do not drop the signals again")
    }
  }

  static func unfinished(_ count: Int, _ error: SpoolError?) -> Trouble? {
    error.map { error in
      trouble(
        "\(files(count)) that the daemon is done with cannot be moved to done or rejected beside a "
          + "report; it is tried again every second (\(error))",
        advice: "\(writable("incoming, active, done and rejected")); do not drop them again: "
          + "'mexc-signalctl signals' lists what came of them")
    }
  }

  static func untold(_ count: Int, _ error: SystemError?) -> Trouble? {
    error.map { error in
      trouble(
        "beside \(files(count)) in active the report of doubt cannot be written or removed; it is "
          + "tried again every second (\(error))",
        advice: "\(writable("active")); 'mexc-signalctl orders' lists what is in doubt")
    }
  }

  static func outdated(_ count: Int, _ error: SystemError?) -> Trouble? {
    error.map { error in
      trouble(
        "the report of \(count == 1 ? "1 signal" : "\(count) signals") in done still says that no order "
          + "was placed, and cannot be replaced; it is tried again every second (\(error))",
        advice: "\(writable("done")); 'mexc-signalctl signals' lists what came of them")
    }
  }

  private static func trouble(_ message: String, advice: String) -> Trouble {
    Trouble(subject: .daemon, message: message, advice: advice)
  }

  private static func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

  private static func writable(_ folders: String) -> String {
    "let the daemon's user write to \(folders) of intake.directory, and see to room on their disk"
  }
}
