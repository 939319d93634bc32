import Control
import Domain
import Platform
import Store

extension Records {
  /// A report as the operator's tool prints it with `--json`.
  func reply(_ report: Report) -> Reply {
    reply { store throws(ControlFailure) in
      .json(AnswerDocument.of(try report.document(from: store)))
    }
  }

  /// The story of a signal as the daemon tells it, which knows what the order waits for; where none
  /// answers, as the database has it.
  func story(of id: SignalID, _ daemon: DaemonClient) -> Reply {
    if let story = try? daemon.ask(.report(.explain(id))) {
      return .json(AnswerDocument.of(story))
    }
    return reply(.explain(id))
  }

  /// What `body` makes of the database.
  func reply(_ body: (StoreReader) throws(ControlFailure) -> Reply) -> Reply {
    do throws(StoreError) {
      return try read { store throws(StoreError) in
        do throws(ControlFailure) {
          return try body(store)
        } catch {
          return .failure(error)
        }
      }
    } catch {
      return .failure(ControlFailure(error))
    }
  }
}
