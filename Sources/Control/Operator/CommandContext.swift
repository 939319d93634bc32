import Configuration
import Domain
import JSON
import Platform

/// What every command of the tool has: its options, the terminal, and the configuration that they name.
struct CommandContext {
  let options: OperatorOptions
  let terminal: OperatorTerminal
  /// How long the daemon may take to answer.
  let answerTime: Duration

  var configurationPath: String { options.configurationPath ?? Configuration.standardPath }

  /// `nil` when only a socket was named.
  func configuration() throws(CommandFailure) -> Configuration? {
    if options.socketPath != nil, options.configurationPath == nil { return nil }
    switch Configuration.load(configurationPath) {
    case .success(let configuration): return configuration
    case .failure(let invalid): throw .configuration(invalid)
    }
  }

  /// The same for a command that the control socket is enough for: where that is named, a file that is
  /// not valid is said and does not stand in the way.
  func configurationBesideSocket() throws(CommandFailure) -> Configuration? {
    do throws(CommandFailure) {
      return try configuration()
    } catch {
      guard case .configuration(let invalid, _) = error else { throw error }
      guard options.socketPath != nil else {
        throw .configuration(
          invalid,
          advice: "a daemon that runs goes on with what it has read; "
            + "\(SocketAdvice.command("COMMAND")) reaches it")
      }
      for violation in invalid.violations { terminal.complaints(violation.description) }
      return nil
    }
  }

  func controlSocket(_ configuration: Configuration?) -> String {
    options.socketPath ?? (configuration ?? Configuration()).control.socket
  }

  /// The configuration, or every default where only a socket was named.
  func settings() throws(CommandFailure) -> Configuration {
    try configuration() ?? Configuration()
  }

  /// To which the lists are cut; `nil` when they are not.
  var width: Int? { options.isWide ? nil : terminal.width }

  /// Prints the answer of a command, for a program or for a person.
  func show(_ document: JSONValue, _ text: @autoclosure () -> String) {
    terminal.output(options.json ? document.compactText() : text())
  }

  /// The daemon on these sockets.
  func daemon(controlSocket: String = "", signalSocket: String = "") -> DaemonClient {
    DaemonClient(
      controlSocket: controlSocket, signalSocket: signalSocket, answerTime: answerTime,
      named: options.socketPath == nil ? "control.socket" : "--socket")
  }
}
