import Configuration
import JSON
import Platform

/// What would become of a signal, asked of the daemon before the signal is sent.
struct DryRunCommand {
  let context: CommandContext

  func run(_ path: String) throws(CommandFailure) -> ExitCode {
    let socket = context.controlSocket(try context.configurationBesideSocket())
    let document: JSONValue
    do throws(ControlFailure) {
      let text = try SignalFile.text(path: path, standardInput: context.terminal.standardInput)
      document = try context.daemon(controlSocket: socket).judge(text)
    } catch {
      throw .control(error)
    }
    let isOK = document["ok"] == true
    context.show(AnswerDocument.of(signalAnswer: document, isOK: isOK), Self.text(document, isOK))
    return isOK ? .done : .failed
  }

  private static func text(_ answer: JSONValue, _ isOK: Bool) -> String {
    var lines = [
      (isOK ? "" : "it would be refused (\(answer["code"]?.stringValue ?? "")): ")
        + (answer["message"]?.stringValue ?? "")
    ]
    if let checks = answer["checks"]?.stringValue { lines.append("checks: " + checks) }
    if let rest = answer["not_judged"]?.stringValue { lines.append("not judged: " + rest) }
    return lines.map(ByteText.printable).joined(separator: "\n")
  }
}
