import Configuration
import Glibc
import Platform

/// Why a client could not connect to one of the daemon's sockets, and what to do about it.
enum SocketAdvice {
  private static let look = "see 'systemctl status mexc-signald'"

  private static func failure(
    _ failure: UnixClient.Failure, _ path: String, naming options: String
  ) -> ControlFailure {
    switch failure {
    case .notListening:
      ControlFailure(code: .notRunning, message: notListening(path, options))
    case .socket(.system(let error)) where error.number == EACCES || error.number == EPERM:
      ControlFailure(code: .unreachable, message: refused(path))
    case .socket, .timedOut, .closed, .tooLong:
      ControlFailure(code: .unreachable, message: failure.description)
    }
  }

  /// Why an answer did not come; `request` is what was asked of the control socket, `nil` for a signal.
  static func failure(
    _ failure: UnixClient.Failure, _ path: String, _ request: ControlRequest?
  ) -> ControlFailure {
    switch failure {
    case .timedOut, .closed, .tooLong:
      ControlFailure(code: .noAnswer, message: "\(failure.description); \(advice(request))")
    case .notListening, .socket:
      self.failure(
        failure, path,
        naming: request == nil ? "the right --config" : "the right --config or --socket")
    }
  }

  /// How a daemon is reached without its configuration. No path is guessed: it might be another account's.
  static func command(_ verb: String) -> String {
    "'mexc-signalctl --socket PATH \(verb)', with the control.socket that it has read,"
  }

  private static func advice(_ request: ControlRequest?) -> String {
    switch request {
    case .perform, .expectRenewedKey: "look with 'mexc-signalctl status' before you repeat it"
    case .status, .report, .dryRun: "the daemon's journal may say why"
    // The id of the signal makes it harmless.
    case nil: "send the same signal again: it is never acted on twice"
    }
  }

  private static func notListening(_ path: String, _ options: String) -> String {
    switch FileStatus.at(path: path)?.kind {
    case nil:
      "the daemon is not running: there is no socket \(path); \(look), or name \(options)"
    case .socket:
      "the daemon is not running: \(path) is left from an earlier run and nobody listens on it; "
        + look
    case let kind?:
      "\(path) is no socket but a \(kind.name); name \(options)"
    }
  }

  /// The first name on the way that keeps this user out has the group that is let in.
  private static func refused(_ path: String) -> String {
    var parts: [String] = []
    for index in path.indices where path[index] == "/" && index > path.startIndex {
      parts.append(String(path[..<index]))
    }
    let folder = parts.first { unsafe faccessat(AT_FDCWD, $0, X_OK, AT_EACCESS) != 0 }
    let obstacle = folder ?? path
    var status = stat()
    guard unsafe stat(obstacle, &status) == 0 else {
      return "connecting to \(path) is not permitted; use sudo"
    }
    // A client of a socket writes to it (unix(7)); on the way, folders are searched.
    let right: mode_t = folder == nil ? 0o020 : 0o010
    guard status.st_mode & right != 0 else {
      let owners = status.st_uid == 0 ? "root" : "\(Accounts.user(status.st_uid)) and root"
      return "connecting to \(path) is not permitted: only \(owners) may; use sudo"
    }
    return "connecting to \(path) is not permitted: " + membership(status.st_gid)
  }

  private static func membership(_ number: UInt32) -> String {
    let group = Accounts.group(number)
    let user = Accounts.user(getuid())
    if Accounts.isMember(user, of: number) {
      return "the user \(user) is a member of the group \(group) only from the next login on; log "
        + "out and in, or use sudo"
    }
    return
      "members of the group \(group) may; run 'sudo usermod --append --groups \(group) \(user)'"
      + ", then log out and in, or use sudo"
  }
}
