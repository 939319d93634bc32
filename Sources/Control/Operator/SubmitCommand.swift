import Configuration
import JSON
import Platform

/// A signal that is sent down the daemon's socket, and its answer.
struct SubmitCommand {
  let context: CommandContext

  func run(_ path: String) throws(CommandFailure) -> ExitCode {
    let socket = try context.settings().intake.socket
    let document: JSONValue
    do throws(ControlFailure) {
      let text = try SignalFile.text(path: path, standardInput: context.terminal.standardInput)
      document = try context.daemon(signalSocket: socket).submit(text) {
        context.terminal.complaints(
          "mexc-signalctl: the daemon has not answered yet; waiting")
      }
    } catch {
      throw .control(error)
    }
    let isOK = AnswerDocument.isTaken(document)
    context.show(AnswerDocument.of(signalAnswer: document, isOK: isOK), Self.text(document))
    return isOK ? .done : .failed
  }

  private static func text(_ answer: JSONValue) -> String {
    let status = answer["status"]?.stringValue ?? ""
    let code = answer["code"]?.stringValue ?? ""
    var text = answer["id"]?.stringValue.map { $0 + " " } ?? ""
    text += status + (code == status || code.isEmpty ? "" : " (\(code))")
    if let message = answer["message"]?.stringValue { text += ": " + message }
    if let id = answer["client_order_id"]?.stringValue { text += "\nclient order id " + id }
    return text.split(separator: "\n").map { ByteText.printable(String($0)) }
      .joined(separator: "\n")
  }
}
