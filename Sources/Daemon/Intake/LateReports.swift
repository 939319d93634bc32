import Domain
import Execution
import Intake
import Platform

/// The reports of signals that the operator closed as never placed and whose order was found after all.
/// To replace one that the file system refuses is tried again while the daemon runs.
final class LateReports {
  /// What came of a signal, and the file that it came in.
  struct Find {
    let outcome: Outcome
    let file: [UInt8]
  }

  private let logger: Logger
  private(set) var failed: [(find: Find, error: SystemError)] = []
  /// Of failures that go on the journal hears once.
  private var isTold = false

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Whether it need not be tried again.
  @discardableResult
  func replace(_ find: Find, in spool: any Spool) -> Bool {
    failed.removeAll { $0.find.outcome.signalID == find.outcome.signalID }
    let report = OutcomeReport.text(OutcomeReport.outcome(find.outcome))
    do throws(SystemError) {
      let isFound = try spool.amend(find.file, in: OutcomeReport.folderOfClosed, report: report) {
        OutcomeReport.isSameEnd($0, report)
      }
      if !isFound { tellMissing(find) }
      if failed.isEmpty { isTold = false }
      return true
    } catch {
      failed.append((find, error))
      tellFailed(find, error)
      return false
    }
  }

  /// Until the first that fails again: to look for a report reads the whole folder.
  func retry(in spool: any Spool) {
    for failure in failed {
      guard replace(failure.find, in: spool) else { return }
    }
  }

  private func tellFailed(_ find: Find, _ error: SystemError) {
    if isTold { return }
    isTold = true
    logger.log(
      .error,
      "the report of a signal that was closed as never placed could not be replaced; trying again "
        + "every second", fields(of: find) + [LogField("error", "\(error)")])
  }

  private func tellMissing(_ find: Find) {
    logger.log(
      .error,
      "the outcome of a signal that was closed as never placed has changed, and its report is not in "
        + "done any more: tell its producer what came of it, which 'mexc-signalctl explain' shows",
      fields(of: find))
  }

  private func fields(of find: Find) -> [LogField] {
    [
      LogField("signal_id", find.outcome.signalID.text), LogField("file", bytes: find.file),
      LogField("status", find.outcome.order.status.rawValue),
    ]
  }
}
