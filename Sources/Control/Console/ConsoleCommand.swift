import Configuration
import Domain
import JSON
import Platform

/// The link that opens the console, and the end of all sessions; with or without a daemon.
struct ConsoleCommand {
  let context: CommandContext

  func run(revoke: Bool) throws(CommandFailure) -> ExitCode {
    let configuration = try context.settings()
    // What root makes here must be the daemon's user's.
    DaemonUser(configuration).become()
    do throws(SystemError) {
      let access = try ConsoleAccess(configuration)
      if revoke { try self.revoke(access) } else { try link(access, configuration) }
    } catch {
      let folder = ConsoleAccess.folder(configuration)
      throw .control(
        ControlFailure(
          code: .unreachable,
          message:
            "\(folder) cannot be used: \(error); it is the daemon's user's alone, so use sudo"
        ))
    }
    return .done
  }

  private func revoke(_ access: ConsoleAccess) throws(SystemError) {
    let count = try access.revokeAll()
    let message = "\(count) session\(count == 1 ? "" : "s") ended, and every code is taken back"
    context.show(["ok": true, "message": .string(message)], message)
  }

  private func link(
    _ access: ConsoleAccess, _ configuration: Configuration
  ) throws(SystemError) {
    let grant = try access.issueCode(at: Clock.now().wall)
    let code = grant.secret.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    let address = access.publishedAddress ?? configuration.console.listen.text
    let isSocket = address.hasPrefix("unix:")
    let link = (isSocket ? "" : "http://\(address)") + "/login?code=\(code)"
    context.show(
      ["ok": true, "url": .string(link), "expires_at": .time(grant.end)], link)
    if context.options.json { return }
    if isSocket {
      context.terminal.complaints(
        "mexc-signalctl: the console listens on \(address): open this path at the reverse proxy")
    }
    context.terminal.complaints(
      "mexc-signalctl: good once, for \(ConsoleAccess.codeTime.inWords)")
  }
}
