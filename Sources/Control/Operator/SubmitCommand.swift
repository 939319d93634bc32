import Configuration
import JSON
import Platform

/// A signal that is sent down the daemon's socket, and its answer.
struct SubmitCommand {
  private let context: CommandContext

  init(_ context: CommandContext) {
    self.context = context
  }

  func run(_ path: String) throws(CommandFailure) -> ExitCode {
    let socket = try context.settings().intake.socket
    let document: JSONValue
    do throws(ControlFailure) {
      let text = try SignalFile.text(path: path, standardInput: context.terminal.standardInput)
      document = try context.daemon(signalSocket: socket).submit(text)
    } catch {
      throw .control(error)
    }
    let status = document["status"]?.stringValue ?? ""
    let isOK = status == "accepted" || status == "duplicate"
    context.show(AnswerDocument.of(signalAnswer: document, isOK: isOK), Self.text(document, status))
    return isOK ? .done : .failed
  }

  private static func text(_ answer: JSONValue, _ status: String) -> String {
    let code = answer["code"]?.stringValue ?? ""
    var text = answer["id"]?.stringValue.map { $0 + " " } ?? ""
    text += status + (code == status || code.isEmpty ? "" : " (\(code))")
    if let message = answer["message"]?.stringValue { text += ": " + message }
    if let id = answer["client_order_id"]?.stringValue { text += "\nclient order id " + id }
    return text.split(separator: "\n").map { ByteText.printable(String($0)) }
      .joined(separator: "\n")
  }
}
