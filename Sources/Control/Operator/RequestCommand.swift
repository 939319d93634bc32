import Configuration
import Domain
import Glibc
import JSON
import Platform
import Store

/// What the daemon is asked on its control socket; a report is read from the database where no daemon
/// runs.
struct RequestCommand {
  /// What is verified at the exchange waits for its answer, and perhaps for the rate limits.
  private static let verificationFactor = 6

  private let context: CommandContext

  init(_ context: CommandContext) {
    self.context = context
  }

  func run(_ request: ControlRequest) throws(CommandFailure) -> ExitCode {
    let configuration = try context.configuration()
    let path =
      context.options.socketPath ?? configuration?.control.socket ?? Configuration().control.socket
    switch try answer(to: request, path, configuration) {
    case .result(let result):
      let isOK = request != .status || StatusText.isAsItShouldBe(result)
      context.show(AnswerDocument.of(result, isOK: isOK), text(request, result))
      return isOK ? .done : .failed
    case .failure(let failure): throw .control(failure)
    }
  }

  private func answer(
    to request: ControlRequest, _ path: String, _ configuration: Configuration?
  ) throws(CommandFailure) -> ControlAnswer {
    let line: [UInt8]
    do throws(UnixClient.Failure) {
      line = try context.ask(request.line, on: path, within: time(for: request))
    } catch {
      if case .report(.explain(let id)) = request, let configuration, Self.isForbidden(error) {
        return try answer(to: id, on: configuration.intake.socket)
      }
      if case .notListening = error, case .report(let report) = request, let configuration {
        return try answer(to: report, from: configuration.store.path)
      }
      throw .control(SocketAdvice.failure(error, path, request))
    }
    guard let answer = ControlAnswer(line) else { throw Self.isNoDaemon(path, "control.socket") }
    return answer
  }

  private static func isForbidden(_ error: UnixClient.Failure) -> Bool {
    guard case .socket(.system(let cause)) = error else { return false }
    return cause.number == EACCES || cause.number == EPERM
  }

  private static func isNoDaemon(_ path: String, _ key: String) -> CommandFailure {
    .control(
      ControlFailure(
        code: .noAnswer, message: "what answers on \(path) is not this daemon; check \(key)"))
  }

  /// Who may only send signals asks where they are sent.
  private func answer(
    to id: SignalID, on path: String
  ) throws(CommandFailure) -> ControlAnswer {
    let request: JSONValue = ["explain": .string(id.text)]
    let line: [UInt8]
    do throws(UnixClient.Failure) {
      line = try context.ask(
        Array(request.compactText().utf8), on: path, within: context.answerTime)
    } catch {
      throw .control(SocketAdvice.failure(error, path, .report(.explain(id))))
    }
    guard let answer = ControlAnswer(line) else { throw Self.isNoDaemon(path, "intake.socket") }
    return answer
  }

  /// Without a daemon: what its database holds.
  private func answer(
    to report: Report, from path: String
  ) throws(CommandFailure) -> ControlAnswer {
    let store: OrderStore
    do throws(StoreError) {
      store = try OrderStore(readOnlyPath: path)
    } catch {
      throw .control(
        ControlFailure(
          code: .storageUnavailable, message: "the daemon is not running, and \(error.description)")
      )
    }
    do throws(ControlFailure) {
      let document = try report.document(from: store)
      if !context.options.json {
        let owner = (try? store.owner()).map { ", of \(DatabaseOwnership.name($0))" } ?? ""
        context.terminal.complaints(
          "mexc-signalctl: the daemon is not running; read from \(path)\(owner)")
      }
      return .result(document)
    } catch {
      return .failure(error)
    }
  }

  private func time(for request: ControlRequest) -> Duration {
    if case .perform(.resolvePlaced) = request {
      context.answerTime * Self.verificationFactor
    } else {
      context.answerTime
    }
  }

  private func text(_ request: ControlRequest, _ result: JSONValue) -> String {
    switch request {
    case .status: StatusText.text(of: result)
    case .report(let report):
      if var list = ListText(report, context.options.times, width: context.width) {
        list.text(result.arrayValue ?? [])
      } else {
        StoryText(context.options.times).text(of: result)
      }
    case .perform, .expectRenewedKey: ByteText.printable(result["message"]?.stringValue ?? "done")
    }
  }
}
