package import Platform

/// What goes wrong with the spool, made for the log.
package struct SpoolProblem: Sendable {
  package let level: LogLevel
  package let message: String
  package let fields: [LogField]

  package init(_ level: LogLevel, _ message: String, _ fields: [LogField] = []) {
    self.level = level
    self.message = message
    self.fields = fields
  }

  static func withoutInotify(_ error: SystemError, at path: String) -> SpoolProblem {
    let limit =
      error.call == "inotify_init1"
      ? "fs.inotify.max_user_instances" : "fs.inotify.max_user_watches"
    return SpoolProblem(
      .warning, "inotify cannot be used; incoming/ is looked through every second instead",
      [
        LogField("error", "\(error)"), LogField("directory", ByteText.printable(path)),
        LogField(
          "advice",
          "raise \(limit) with sysctl, or end the program of this user that holds so many; the "
            + "daemon takes a watch as soon as one is free"),
      ])
  }

  static func stillOpen(_ name: [UInt8]) -> SpoolProblem {
    SpoolProblem(
      .warning, "a file in incoming is still open for writing; it is not taken before it is closed",
      [
        LogField("file", bytes: name),
        LogField("advice", "look for the program that holds it open, with 'fuser' or 'lsof'"),
      ])
  }
}
