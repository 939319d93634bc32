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
      controlSocket: controlSocket, signalSocket: signalSocket, answerTime: answerTime)
  }
}
