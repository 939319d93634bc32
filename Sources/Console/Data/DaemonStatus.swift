import Control
import Domain
import JSON

/// What the daemon says of itself. Whoever asks while a question is under way gets its answer: the daemon
/// is asked one thing at a time, however many look.
final class DaemonStatus {
  typealias Answer = Result<JSONValue, ControlFailure>

  private let worker: Worker
  private let daemon: DaemonClient
  private var waiting: [(Answer) -> Void] = []

  init(_ worker: Worker, _ daemon: DaemonClient) {
    self.worker = worker
    self.daemon = daemon
  }

  func ask(_ then: @escaping (Answer) -> Void) {
    waiting.append(then)
    guard waiting.count == 1 else { return }
    let daemon = daemon
    let isTaken = worker.run { _ -> Answer in
      do throws(ControlFailure) {
        return .success(try daemon.ask(.status))
      } catch {
        return .failure(error)
      }
    } then: { [weak self] answer in
      self?.finish(answer)
    }
    if !isTaken { finish(.failure(Self.busy)) }
  }

  private static let busy = ControlFailure(
    code: .unreachable, message: "the console waits for the daemon; try again in a moment")

  private func finish(_ answer: Answer) {
    let all = waiting
    waiting = []
    for then in all { then(answer) }
  }
}
