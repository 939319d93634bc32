import Configuration
import Domain
import Glibc
import JSON
import Platform
import Store

/// What the daemon is asked on its control socket; a report is read from the database where no daemon
/// runs, and a list that the daemon would look for too long.
struct RequestCommand {
  let context: CommandContext

  func run(_ request: ControlRequest) throws(CommandFailure) -> ExitCode {
    let configuration = try context.configurationBesideSocket()
    let path = context.controlSocket(configuration)
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
    let daemon = context.daemon(
      controlSocket: path, signalSocket: configuration?.intake.socket ?? "")
    do throws(UnixClient.Failure) {
      let answer = try daemon.answer(to: request)
      return list(request, refusedBy: answer, path, configuration) ?? answer
    } catch {
      if case .report(.explain(let id)) = request, configuration != nil, Self.isForbidden(error) {
        return try story(of: id, from: daemon)
      }
      if case .notListening = error, case .report(let report) = request, let configuration {
        return try answer(
          to: report, from: configuration.store.path, because: "the daemon is not running")
      }
      throw .control(SocketAdvice.failure(error, path, request))
    }
  }

  private static func isForbidden(_ error: UnixClient.Failure) -> Bool {
    guard case .socket(.system(let cause)) = error else { return false }
    return cause.number == EACCES || cause.number == EPERM
  }

  /// Who may only send signals asks where they are sent.
  private func story(
    of id: SignalID, from daemon: DaemonClient
  ) throws(CommandFailure) -> ControlAnswer {
    do throws(UnixClient.Failure) {
      return try daemon.answerToSender(about: id)
    } catch {
      throw .control(SocketAdvice.failure(error, daemon.signalSocket, .report(.explain(id))))
    }
  }

  /// The list that the daemon refuses, as this user reads it in the database; `nil` where he may not.
  /// Before it refused it wrote there what only its memory held, so nothing is missing.
  private func list(
    _ request: ControlRequest, refusedBy answer: ControlAnswer, _ path: String,
    _ configuration: Configuration?
  ) -> ControlAnswer? {
    guard case .report(let report) = request, case .failure(let failure) = answer,
      failure.code == .refused, let configuration, configuration.control.socket == path,
      let list = try? self.answer(
        to: report, from: configuration.store.path,
        because: "the daemon would have to look for it for too long"),
      case .result = list
    else { return nil }
    return list
  }

  /// What the database holds, where the daemon does not say it.
  private func answer(
    to report: Report, from path: String, because reason: String
  ) throws(CommandFailure) -> ControlAnswer {
    let store: StoreReader
    do throws(StoreError) {
      store = try StoreReader(path: path)
    } catch {
      throw .control(
        ControlFailure(
          code: .storageUnavailable, message: "\(reason), and \(error.description)"))
    }
    do throws(ControlFailure) {
      let document = try report.document(from: store)
      if !context.options.json {
        let owner = (try? store.owner()).map { ", of \(DatabaseOwnership.name($0))" } ?? ""
        context.terminal.complaints(
          "mexc-signalctl: \(reason); read from \(path)\(owner)")
      }
      return .result(document)
    } catch {
      return .failure(error)
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
    case .perform, .expectRenewedKey, .dryRun:
      ByteText.printable(result["message"]?.stringValue ?? "done")
    }
  }
}
