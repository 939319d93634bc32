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
}
