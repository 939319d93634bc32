import Domain
import Execution
import Intake
import JSON
import Platform
import Store

/// The files of signals that are taken: each lies in `active` while its order is under way, with a
/// report beside it while that order is in doubt, and is moved beside its report when its story is
/// over. What the file system refuses is tried again.
package final class SignalFiles {
  private static let retryInterval: Duration = .seconds(1)
  /// Each report is a write that the disk must confirm, and orders wait for the same loop: what a flood
  /// leaves is moved bit by bit, and whatever else has come goes between.
  private static let movingTime: Duration = .milliseconds(4)
  private static let lastMovingTime: Duration = .seconds(10)
  /// Moved in one go, with their reports written together.
  private static let movesTogether = 16
  /// What waits holds the content of its file. Beyond this the flood waits instead.
  private static let waitingBytesMaximum = 8 * 1_048_576

  private let time: Timekeeper
  private let logger: Logger
  private let store: any StateStore
  var spool: (any Spool)?
  var storeFailed: (StoreError) -> Void = { _ in }

  /// What lay in `active` when it was read for a start.
  private var found: ActiveSignals?
  /// The files in `active`, by the signal that each holds.
  private var activeFiles: [SignalID: [UInt8]] = [:]
  /// What stands, or is to stand, beside a signal's file.
  private var doubts: [SignalID: [UInt8]] = [:]
  /// What is over and still lies where it was, oldest first.
  private var moves: [SpoolMove] = []
  private var waitingBytes = 0
  private var isContinuing = false
  private var failedMoves: [(move: SpoolMove, error: SpoolError)] = []
  /// Of failures that go on the journal hears once.
  private var told = (moves: false, claims: false, doubts: false)
  /// Files of remembered signals that could not be moved to `active` yet.
  private var failedClaims: [(file: TakenFile, id: SignalID, error: SpoolError)] = []
  /// Files beside which a report of doubt could not be written or removed.
  private var failedDoubts: [(name: [UInt8], error: SystemError)] = []
  private let lateReports: LateReports
  private var isRetrying = false

  init(time: Timekeeper, logger: Logger, store: any StateStore) {
    self.time = time
    self.logger = logger
    self.store = store
    lateReports = LateReports(logger)
  }

  // MARK: Taken and over

  /// What a file is whose signal was taken before.
  enum Repetition {
    case copy
    /// The one that an accepted signal came in, left where it was by a crash between the commit and the
    /// move.
    case unclaimed
    /// The same, of a signal that was denied, and why.
    case denied(JSONValue)
  }

  /// A file that was dropped again has changed since: a rename is a change.
  func repetition(_ file: TakenFile, of id: SignalID) -> Repetition {
    do throws(StoreError) {
      guard let record = try store.signal(id), record.origin == .file(file.name)
      else { return .copy }
      guard let order = try store.order(OrderKey(signal: id)) else {
        let isItself = file.arrivedAt.map { $0 <= record.receivedAt } ?? false
        return isItself ? .denied(OutcomeReport.denial(record)) : .copy
      }
      return activeFiles[id] == nil && !order.isOverForSender ? .unclaimed : .copy
    } catch {
      storeFailed(error)
      return .copy
    }
  }

  func claim(_ file: TakenFile, for id: SignalID) {
    guard let spool else { return }
    do throws(SpoolError) {
      activeFiles[id] = try spool.claim(file)
    } catch {
      guard error != .vanished else { return }
      if !told.claims {
        told.claims = true
        logger.log(
          .error, "a file was taken but could not be moved to active; trying again every second",
          [
            LogField("signal_id", id.text), LogField("file", bytes: file.name),
            LogField("error", "\(error)"),
          ])
      }
      failedClaims.append((file, id, error))
      return scheduleRetry()
    }
    if let name = activeFiles[id], let doubt = doubts[id] { write(doubt, beside: name) }
  }

  /// Moves a file that was no signal, or none that is new, out of `incoming`.
  func dispose(_ file: TakenFile, to outcome: SpoolOutcome, _ report: JSONValue) {
    moveLater(SpoolMove(file, from: .incoming, to: outcome, report: OutcomeReport.text(report)))
  }

  /// The signal's story is over: its file goes where the story ended.
  func settle(_ outcome: Outcome) {
    let id = outcome.signalID
    // What was found late may have been told of as not placed, or have been in doubt until now. A file that
    // was sent again after it was told is in hand, too.
    let isInHand = activeFiles[id] != nil || failedClaims.contains { $0.id == id }
    if outcome.replacesEarlier { amend(outcome, isInHand: isInHand) }
    if outcome.replacesEarlier && !isInHand { return }
    let place: SpoolPlace
    let file: TakenFile
    if let active = activeFiles[id] {
      (file, place) = (TakenFile(named: active), .active)
      tell(nil, of: id)
      activeFiles[id] = nil
    } else if let index = failedClaims.firstIndex(where: { $0.id == id }) {
      (file, place) = (failedClaims.remove(at: index).file, .incoming)
      doubts[id] = nil
    } else {
      return
    }
    moveLater(
      SpoolMove(
        file, from: place, to: OutcomeReport.folder(of: outcome),
        report: OutcomeReport.text(OutcomeReport.outcome(outcome))))
  }

  /// What was reported when the operator closed the signal is not the truth any more.
  private func amend(_ outcome: Outcome, isInHand: Bool) {
    let report = OutcomeReport.text(OutcomeReport.outcome(outcome))
    let isHere = { OutcomeReport.isSameEnd($0, report) }
    if let index = moves.firstIndex(where: { isHere($0.report) }) {
      waitingBytes += report.count - moves[index].report.count
      return moves[index] = moves[index].reporting(report)
    }
    if let index = failedMoves.firstIndex(where: { isHere($0.move.report) }) {
      return failedMoves[index].move = failedMoves[index].move.reporting(report)
    }
    do throws(StoreError) {
      guard let spool, let record = try store.signal(outcome.signalID),
        case .file(let name) = record.origin
      else { return }
      let find = LateReports.Find(outcome: outcome, file: name, mayBeMissing: isInHand)
      lateReports.replace(find, in: spool)
      if !lateReports.failed.isEmpty { scheduleRetry() }
    } catch {
      storeFailed(error)
    }
  }

  /// Nobody waits for the answer to a signal that the database had lost. Where it is refused now, its file
  /// may lie in `active`.
  func end(_ answer: SignalAnswer) {
    guard answer.status == .rejected, let id = answer.id.flatMap({ SignalID($0) }),
      let name = activeFiles[id]
    else { return }
    tell(nil, of: id)
    activeFiles[id] = nil
    moveLater(
      SpoolMove(
        TakenFile(named: name), from: .active, to: .rejected,
        report: OutcomeReport.text(OutcomeReport.answer(answer))))
  }

  private func moveLater(_ move: SpoolMove) {
    moves.append(move)
    waitingBytes += move.bytes
  }

  /// Moves files whose story is over for as long as a turn may, and goes on in the next one. Signals that
  /// wait to be read come first.
  func moveFiles() {
    if spool?.hasMore == true && waitingBytes <= Self.waitingBytesMaximum { return continueLater() }
    moveFiles(for: Self.movingTime)
  }

  /// At a stop, which the service manager does not wait for without end. The next start moves the rest.
  func moveLastFiles() { moveFiles(for: Self.lastMovingTime) }

  private func moveFiles(for duration: Duration) {
    if moves.isEmpty { return }
    let end = time.now().monotonic.advanced(by: duration)
    repeat {
      moveNext()
    } while !moves.isEmpty
      && (time.now().monotonic < end || waitingBytes > Self.waitingBytesMaximum)
    continueLater()
  }

  private func continueLater() {
    guard !moves.isEmpty, !isContinuing else { return }
    isContinuing = true
    time.schedule(time.now().monotonic) { [weak self] in
      self?.isContinuing = false
      self?.moveFiles()
    }
  }

  private func moveAllFiles() { while !moves.isEmpty { moveNext() } }

  private func moveNext() {
    let waiting = Array(moves.prefix(Self.movesTogether))
    moves.removeFirst(waiting.count)
    waitingBytes -= waiting.reduce(0) { $0 + $1.bytes }
    guard let spool else { return }
    let results = spool.finish(waiting, replacing: OutcomeReport.isSameEnd)
    for (move, result) in zip(waiting, results) {
      guard case .failure(let error) = result else { continue }
      if error == .vanished {
        logGone(move)
        continue
      }
      if !told.moves {
        told.moves = true
        logger.log(
          .error, "a file of the spool could not be moved; trying again every second",
          [LogField("file", bytes: move.file.name), LogField("error", "\(error)")])
      }
      failedMoves.append((move, error))
      scheduleRetry()
    }
    if failedMoves.isEmpty && moves.isEmpty { told.moves = false }
  }

  private func logGone(_ move: SpoolMove) {
    guard move.place == .active else { return }
    logger.log(
      .warning,
      "a signal's file is not in active any more: no report is written, and 'mexc-signalctl explain' "
        + "tells what came of it",
      [
        LogField("signal_id", OutcomeReport.id(in: move.report) ?? ""),
        LogField("file", bytes: move.file.name),
      ])
  }

  private func scheduleRetry() {
    guard !isRetrying else { return }
    isRetrying = true
    time.schedule(time.now().monotonic.advanced(by: Self.retryInterval)) { [weak self] in
      self?.retry()
    }
  }

  private func retry() {
    isRetrying = false
    let claims = failedClaims
    failedClaims = []
    for failed in claims { claim(failed.file, for: failed.id) }
    let failed = failedMoves
    failedMoves = []
    for failure in failed { moveLater(failure.move) }
    moveFiles()
    let doubts = failedDoubts
    failedDoubts = []
    for failed in doubts { writeAgain(beside: failed.name) }
    if let spool { lateReports.retry(in: spool, at: time.now().monotonic) }
    if !lateReports.failed.isEmpty { scheduleRetry() }
    if failedClaims.isEmpty { told.claims = false }
    if failedDoubts.isEmpty { told.doubts = false }
  }

  // MARK: Doubt

  /// Says beside the signal's file that its order is in doubt, or no more.
  func tell(_ doubt: Doubt?, of id: SignalID) {
    doubts[id] = doubt.map { OutcomeReport.text(OutcomeReport.doubt($0, of: id)) }
    if let name = activeFiles[id] { write(doubts[id], beside: name) }
  }

  /// What stands beside a file in `active`; nil for nothing.
  private func write(_ report: [UInt8]?, beside name: [UInt8]) {
    guard let spool else { return }
    do throws(SystemError) {
      if let report {
        try spool.writeStatus(name, report)
      } else {
        try spool.removeStatus(name)
      }
    } catch {
      if !told.doubts {
        told.doubts = true
        logger.log(
          .error, "what is in doubt could not be written beside a signal's file; trying again",
          [LogField("file", bytes: name), LogField("error", "\(error)")])
      }
      failedDoubts.append((name, error))
      scheduleRetry()
    }
  }

  /// By now the file may have moved on, and another may have its name.
  private func writeAgain(beside name: [UInt8]) {
    let id = activeFiles.first { $0.value == name }?.key
    write(id.flatMap { doubts[$0] }, beside: name)
  }

  // MARK: What is wrong

  /// What the file system refuses, for `status`.
  var troubles: [Trouble] {
    [
      SpoolTrouble.unopened(spool?.failure),
      SpoolTrouble.unclaimed(failedClaims.count, failedClaims.first?.error),
      SpoolTrouble.unfinished(failedMoves.count, failedMoves.first?.error),
      SpoolTrouble.untold(Set(failedDoubts.map(\.name)).count, failedDoubts.first?.error),
      SpoolTrouble.outdated(lateReports.failed.count, lateReports.failed.first?.error),
    ].compactMap(\.self)
  }

  // MARK: After a restart

  /// What lies in `active` before the first `adoptActive`; `nil` when it cannot be listed.
  package func readActive() -> ActiveSignals? {
    guard let spool else { return nil }
    do throws(SystemError) {
      found = try ActiveSignals(in: spool)
    } catch {
      logger.log(.error, "the active folder cannot be listed", [LogField("error", "\(error)")])
    }
    return found
  }

  /// Finds out whose files lie in `active`, and moves those on whose story ended meanwhile. What an
  /// earlier run said beside them stays until the engine has spoken;
  /// `live` are the orders that are not at their end.
  func adoptActive(_ live: [StoredOrder], and lost: Set<SignalID>) {
    guard let spool, activeFiles.isEmpty, let active = found ?? readActive() else { return }
    found = nil
    let underWay = lost.union(
      live.lazy.filter { !$0.order.isOverForSender }.map(\.signal.signalID))
    for file in active.files where file.signal != nil { adopt(file, underWay) }
    for file in active.files where file.signal == nil {
      adoptByName(file, live.lazy.map(\.signal).filter { underWay.contains($0.signalID) })
    }
    for file in active.strays { removeStray(file, from: spool, underWay) }
    moveAllFiles()
  }

  /// Somebody has changed it: it is still the file that a signal came in.
  private func adoptByName(_ file: ActiveSignals.File, _ underWay: some Sequence<SignalRecord>) {
    guard
      let id = underWay.first(where: { $0.origin == .file(file.name) })?.signalID,
      activeFiles[id] == nil
    else { return file.logAsStranger(to: logger) }
    activeFiles[id] = file.name
    file.logAsChanged(since: id, to: logger)
  }

  private func adopt(_ file: ActiveSignals.File, _ underWay: Set<SignalID>) {
    guard let signal = file.signal else { return }
    if underWay.contains(signal.id) { return activeFiles[signal.id] = file.name }
    do throws(StoreError) {
      guard let record = try store.signal(signal.id) else {
        return file.logAsStranger(to: logger)
      }
      guard let order = try store.order(OrderKey(signal: signal.id)) else {
        return moveLater(
          SpoolMove(
            TakenFile(named: file.name), from: .active, to: .rejected,
            report: OutcomeReport.text(OutcomeReport.denial(record))))
      }
      activeFiles[signal.id] = file.name
      guard order.isOverForSender else { return }
      settle(
        Outcome(
          signalID: signal.id, code: record.decision, message: record.endReason(of: order),
          order: order, replacesEarlier: record.isFoundLate))
    } catch {
      storeFailed(error)
    }
  }

  /// A report whose file a crash had moved on already; a signal that happens to be named like one
  /// stays.
  private func removeStray(
    _ file: ActiveSignals.File, from spool: any Spool, _ underWay: Set<SignalID>
  ) {
    if file.signal != nil { return adopt(file, underWay) }
    do throws(SystemError) {
      try spool.removeActive(file.name)
    } catch {
      logger.log(
        .warning, "a report of a doubt that is over could not be removed from active",
        [LogField("file", bytes: file.name), LogField("error", "\(error)")])
    }
  }
}

extension Order {
  /// Nothing more is told to the signal's sender, as a rule.
  fileprivate var isOverForSender: Bool { status.isTerminal || isClosedAsNotPlaced }
}
