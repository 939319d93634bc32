package import Execution
package import Platform

extension Logger {
  /// Writes a line that the engine wants written.
  package func log(_ entry: LogEntry) {
    let level: LogLevel =
      switch entry.level {
      case .error: .error
      case .warning: .warning
      case .info: .info
      case .debug: .debug
      }
    log(level, entry.message, entry.fields.map { LogField($0.key, $0.value) })
  }
}
