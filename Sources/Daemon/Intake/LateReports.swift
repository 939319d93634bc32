import Domain
import Execution
import Intake
import Platform

/// The reports of signals that counted as not placed and whose order was found after all.
/// To replace one that the file system refuses is tried again while the daemon runs.
final class LateReports {
  /// What came of a signal, and the file that it came in.
  struct Find {
    let outcome: Outcome
    let file: [UInt8]
    /// The file is in hand, so that a report may never have been written.
    var mayBeMissing = false
  }

  /// To look for a report reads whole folders, and orders wait for the same loop.
  private static let retryInterval: Duration = .seconds(60)

  private let logger: Logger
  private var nextRetry: MonotonicTime?
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
      var isFound = false
      var failure: SystemError?
      for folder in OutcomeReport.foldersOfLateFinds where !isFound {
        do throws(SystemError) {
          isFound = try spool.amend(find.file, in: folder, report: report) {
            OutcomeReport.isSameEnd($0, report)
          }
        } catch {
          // It may lie in the other one.
          failure = error
        }
      }
      if !isFound, let failure { throw failure }
      if !isFound && !find.mayBeMissing { tellMissing(find) }
      if failed.isEmpty { isTold = false }
      return true
    } catch {
      failed.append((find, error))
      tellFailed(find, error)
      return false
    }
  }

  /// Until the first that fails again, and not before its time has come.
  func retry(in spool: any Spool, at now: MonotonicTime) {
    if failed.isEmpty || nextRetry.map({ now < $0 }) ?? false { return }
    nextRetry = now.advanced(by: Self.retryInterval)
    for failure in failed {
      guard replace(failure.find, in: spool) else { return }
    }
  }

  private func tellFailed(_ find: Find, _ error: SystemError) {
    if isTold { return }
    isTold = true
    logger.log(
      .error,
      "the report of a signal that counted as not placed could not be replaced; trying again "
        + "every minute", fields(of: find) + [LogField("error", "\(error)")])
  }

  private func tellMissing(_ find: Find) {
    logger.log(
      .error,
      "the outcome of a signal that counted as not placed has changed, and its report is not in done "
        + "or rejected any more: tell its producer what came of it, which 'mexc-signalctl explain' shows",
      fields(of: find))
  }

  private func fields(of find: Find) -> [LogField] {
    [
      LogField("signal_id", find.outcome.signalID.text), LogField("file", bytes: find.file),
      LogField("status", find.outcome.order.status.rawValue),
    ]
  }
}
