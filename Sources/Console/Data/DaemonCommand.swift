import Configuration
import Control
import Domain
import JSON
import Platform

/// What a person has the daemon do.
enum DaemonCommand {
  /// `body` holds the members that the command takes beside its name.
  static func perform(_ name: String, _ body: [UInt8], _ daemon: DaemonClient) -> Reply {
    do throws(ControlFailure) {
      let result = try daemon.ask(try request(name, body))
      return .json(AnswerDocument.of(result))
    } catch {
      return .failure(error)
    }
  }

  private static func request(
    _ name: String, _ body: [UInt8]
  ) throws(ControlFailure) -> ControlRequest {
    let document = try members(of: body)
    guard !document.contains(where: { $0.name == "command" }) else {
      throw .invalidRequest("the path is the command; the body holds what it takes")
    }
    let line = JSONValue.object([JSONMember(name: "command", value: .string(name))] + document)
    return try ControlRequest.read(Array(line.compactText().utf8))
  }

  private static func members(of body: [UInt8]) throws(ControlFailure) -> [JSONMember] {
    if body.isEmpty { return [] }
    guard let members = (try? JSONReader.read(body))?.objectValue else {
      throw .invalidRequest("the body is no JSON object")
    }
    return members
  }

  /// What the daemon would do with a signal; where none answers, what can be told without one.
  static func check(
    _ body: [UInt8], _ daemon: DaemonClient, _ configuration: Configuration
  ) -> Reply {
    do throws(ControlFailure) {
      let answer = try daemon.judge(body)
      return .json(AnswerDocument.of(answer, isOK: answer["ok"] == true))
    } catch {
      switch error.code {
      case .notRunning, .noAnswer, .unreachable:
        return SignalCheck.reply(body, configuration, at: Clock.now().wall)
      // It answers, and does not tell.
      case .unknownCommand, .invalidRequest, .notFound, .refused, .storageUnavailable,
        .invalidConfiguration, .wrongUsage:
        return .failure(error)
      }
    }
  }

  /// The daemon's own answer to the signal.
  static func submit(_ body: [UInt8], _ daemon: DaemonClient) -> Reply {
    do throws(ControlFailure) {
      let answer = try daemon.submit(body)
      return .json(AnswerDocument.of(answer, isOK: AnswerDocument.isTaken(answer)))
    } catch {
      return .failure(error)
    }
  }
}
