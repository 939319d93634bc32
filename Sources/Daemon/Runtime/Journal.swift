package import Execution
import Glibc
package import Platform

extension Logger {
  /// Writes a line that the engine wants written.
  package func log(_ entry: LogEntry) {
    let level: LogLevel =
      switch entry.level {
      case .error: .error
      case .warning: .warning
      case .notice: .notice
      case .info: .info
      case .debug: .debug
      }
    log(level, entry.message, entry.fields.map { LogField($0.key, $0.value) }, kind: entry.kind)
  }
}

extension LineServer.Trouble {
  /// What to do about it.
  var advice: String {
    switch self {
    case .tooManyClients, .idleClosed: "close connections that nobody needs"
    case .cannotAccept(let error) where error.number == EMFILE:
      "close connections that nobody needs, or raise the daemon's limit of open files "
        + "(LimitNOFILE= in its unit)"
    case .cannotAccept: "free memory or open files of this machine; it goes on by itself"
    case .nameLost: "find out what removes it; those who were refused meanwhile try again"
    case .cannotListen: "remove what stands in its place, or restart the daemon"
    case .handedNameLost:
      "find out what removes it, then restart the socket unit that lists it "
        + "('systemctl list-sockets --all') together with its service"
    }
  }

  var fields: [LogField] { [LogField("advice", advice)] }
}
