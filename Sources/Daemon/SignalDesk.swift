import Cryptography
import Domain
package import Execution
package import Intake
package import Platform
package import Store
import Transport

/// Where signals come in and their answers go out: bytes are read and handed to the engine, files are
/// moved and sockets answered once the engine's decision is durable.
package final class SignalDesk {
  private enum Waiting {
    case file([UInt8])
    case line(([UInt8]) -> Void)
  }

  /// A move that the file system refused, to be tried again.
  private struct Move {
    let name: [UInt8]
    let place: SpoolPlace
    let outcome: SpoolOutcome
    let report: [UInt8]
  }

  private static let retryInterval: Duration = .seconds(1)

  private let time: Timekeeper
  private let logger: Logger
  private let account: String
  private let maximumBytes: Int
  private let store: any StateStore
  private var spool: (any Spool)?
  private var server: LineServer?
  private var peers: [LineServer.ConnectionID: String] = [:]
  /// The present epoch; nil while the store does not work.
  package weak var turn: Turn?
  package var storeFailed: (StoreError) -> Void = { _ in }
  private var isClosing = false

  private var waiting: [Receipt: Waiting] = [:]
  private var nextReceipt = 1
  /// The files in `active`, by the signal that each holds.
  private var activeFiles: [SignalID: [UInt8]] = [:]
  private var failedMoves: [Move] = []
  /// Files of remembered signals that could not be moved to `active` yet.
  private var failedClaims: [(name: [UInt8], id: SignalID)] = []
  private var isRetrying = false

  /// `openSpool` gets what takes the spool's files and what takes its complaints.
  package init(
    time: Timekeeper, logger: Logger, account: String, maximumBytes: Int, store: any StateStore,
    openSpool: (
      _ onFile: @escaping (SpoolFile) -> Void,
      _ onProblem: @escaping (String, [LogField]) -> Void
    ) throws(SystemError) -> any Spool
  ) throws(SystemError) {
    self.time = time
    self.logger = logger
    self.account = account
    self.maximumBytes = maximumBytes
    self.store = store
    spool = try openSpool(
      { [weak self] file in self?.take(file) },
      { message, fields in logger.log(.error, message, fields) })
  }

  /// Takes signals from a socket as well.
  func listen(on listener: UnixListener, loop: EventLoop) throws(SystemError) {
    server = try LineServer(
      listener: listener, maximumLineBytes: maximumBytes, loop: loop, handlers: handlers)
  }

  private var handlers: LineServer.Handlers {
    LineServer.Handlers(
      connected: { [weak self] id, peer in self?.greet(id, peer) },
      received: { [weak self] id, line in self?.take(line, from: id) },
      disconnected: { [weak self] id in self?.peers[id] = nil },
      troubled: { [logger] trouble in
        logger.log(.warning, "signal socket: \(trouble)", trouble.advice)
      })
  }

  /// Begins to take signals.
  package func open() {
    adoptActiveFiles()
    spool?.resume()
  }

  /// Files wait where they are until `open`.
  package func pause() {
    spool?.pause()
  }

  /// Takes no further signal; answers that are owed still go out.
  package func stopTaking() {
    isClosing = true
    spool?.pause()
    server?.stopReading()
  }

  package func close() {
    spool?.close()
    server?.close()
    spool = nil
    server = nil
  }

  // MARK: In

  private func greet(_ id: LineServer.ConnectionID, _ peer: PeerCredentials) {
    peers[id] = "uid=\(peer.user) pid=\(peer.process)"
    logger.log(
      .info, "a client connected to the signal socket",
      [
        LogField("peer_pid", peer.process), LogField("peer_uid", peer.user),
        LogField("peer_gid", peer.group),
      ])
  }

  private func take(_ line: LineInput, from id: LineServer.ConnectionID) {
    switch line {
    case .line(let bytes):
      take(line: bytes, from: peers[id] ?? "unknown") { [weak self] answer in
        self?.server?.answer(id, answer)
      }
    case .tooLong:
      refuse(
        SignalRefusal(
          code: .tooLarge, id: nil, field: nil, position: nil,
          message: "the line is longer than the \(maximumBytes) bytes of "
            + "intake.maximum_signal_bytes"),
        .line { [weak self] answer in self?.server?.answer(id, answer) })
    }
  }

  /// Takes one line of a socket's peer; `reply` gets the one line that answers it.
  package func take(line: [UInt8], from peer: String, reply: @escaping ([UInt8]) -> Void) {
    submit(line, from: .socket(peer), waiting: .line(reply))
  }

  private func take(_ file: SpoolFile) {
    switch file.content {
    case .failure(let refusal):
      let code: DecisionCode
      if case .tooLarge = refusal { code = .tooLarge } else { code = .unreadableFile }
      refuse(
        SignalRefusal(
          code: code, id: nil, field: nil, position: nil, message: "not taken: \(refusal)"),
        .file(file.name))
    case .success(let bytes):
      let isReadable = (try? SignalReader.read(bytes, maximumBytes: maximumBytes)) != nil
      if !isReadable, spool?.deferIfFresh(file, now: time.now().wall) == true { return }
      submit(bytes, from: .file(file.name), waiting: .file(file.name))
    }
  }

  private func submit(_ bytes: [UInt8], from origin: SignalOrigin, waiting who: Waiting) {
    let signal: Signal
    do throws(SignalRefusal) {
      signal = try SignalReader.read(bytes, maximumBytes: maximumBytes)
    } catch {
      return refuse(error, who)
    }
    guard let turn, !isClosing else {
      return answerUnavailable(
        signal.id, who, isClosing ? .shuttingDown : .storageUnavailable)
    }
    do throws(StoreError) {
      let known = try known(signal.id)
      let receipt = Receipt(number: nextReceipt)
      nextReceipt += 1
      waiting[receipt] = who
      let arrival = SignalArrival(
        signal: signal, raw: bytes,
        contentDigest: Digest.sha256(Array(signal.canonicalText.utf8)),
        clientOrderID: ClientOrderID(account: account, signal: signal.id), origin: origin,
        receipt: receipt)
      turn.feed(.signal(arrival, known: known))
    } catch {
      answerUnavailable(signal.id, who, .storageUnavailable)
      storeFailed(error)
    }
  }

  private func known(_ id: SignalID) throws(StoreError) -> KnownSignal? {
    guard let record = try store.signal(id) else { return nil }
    return KnownSignal(record: record, status: try store.order(OrderKey(signal: id))?.status)
  }

  private func refuse(_ refusal: SignalRefusal, _ who: Waiting) {
    var fields = [LogField("code", refusal.code.rawValue)]
    if let id = refusal.id { fields.append(LogField("signal_id", id.text)) }
    if case .file(let name) = who { fields.append(LogField("file", bytes: name)) }
    logger.log(.notice, "refused: \(refusal.message)", fields)
    replyInTurn(
      SignalAnswer(
        id: refusal.id?.text, status: .rejected, code: refusal.code, message: refusal.message),
      to: who)
  }

  private func answerUnavailable(_ id: SignalID, _ who: Waiting, _ code: DecisionCode) {
    replyInTurn(
      SignalAnswer(id: id.text, status: .rejected, code: code, message: code.meaning), to: who)
  }

  /// Answers leave in the order of the lines, and those before this one may wait for a commit.
  private func replyInTurn(_ answer: SignalAnswer, to who: Waiting) {
    guard let turn else { return reply(answer, to: who) }
    turn.afterCommit { [weak self] in self?.reply(answer, to: who) }
  }

  // MARK: Out

  package func answer(_ receipt: Receipt, _ answer: SignalAnswer) {
    guard let who = waiting.removeValue(forKey: receipt) else { return }
    reply(answer, to: who)
  }

  private func reply(_ answer: SignalAnswer, to who: Waiting) {
    let report = OutcomeReport.answer(answer)
    switch who {
    case .line(let reply): reply(Array(report.compactText().utf8))
    case .file(let name): place(name, answer, report)
    }
  }

  private func place(_ name: [UInt8], _ answer: SignalAnswer, _ report: JSONValue) {
    let id = answer.id.flatMap { SignalID($0) }
    switch answer.status {
    case .accepted: claim(name, for: id)
    case .duplicate:
      // A crash between the commit and the move leaves the file where it was.
      if let id, activeFiles[id] == nil, isOwnFile(name, of: id) {
        claim(name, for: id)
      } else {
        finish(Move(name: name, place: .incoming, outcome: .done, report: bytes(report)))
      }
    case .rejected where answer.code == .storageUnavailable || answer.code == .shuttingDown:
      // The signal was not remembered: its file waits.
      spool?.forget(name)
    case .rejected:
      finish(Move(name: name, place: .incoming, outcome: .rejected, report: bytes(report)))
    }
  }

  private func isOwnFile(_ name: [UInt8], of id: SignalID) -> Bool {
    do throws(StoreError) {
      guard let record = try store.signal(id), record.origin == .file(name) else { return false }
      let order = try store.order(OrderKey(signal: id))
      return order.map { !$0.status.isTerminal } ?? false
    } catch {
      storeFailed(error)
      return false
    }
  }

  private func claim(_ name: [UInt8], for id: SignalID?) {
    guard let id, let spool else { return }
    do throws(SpoolError) {
      activeFiles[id] = try spool.claim(name)
    } catch {
      guard error != .vanished else { return }
      if failedClaims.isEmpty {
        logger.log(
          .error, "a file was taken but could not be moved to active; trying again every second",
          [
            LogField("signal_id", id.text), LogField("file", bytes: name),
            LogField("error", "\(error)"),
          ])
      }
      failedClaims.append((name, id))
      scheduleRetry()
    }
  }

  /// The signal's story is over: its file goes where the story ended.
  package func settle(_ outcome: Outcome) {
    let place: SpoolPlace
    let name: [UInt8]
    if let active = activeFiles.removeValue(forKey: outcome.signalID) {
      (name, place) = (active, .active)
    } else if let index = failedClaims.firstIndex(where: { $0.id == outcome.signalID }) {
      (name, place) = (failedClaims.remove(at: index).name, .incoming)
    } else {
      return
    }
    finish(
      Move(
        name: name, place: place,
        outcome: OutcomeReport.isRefusal(outcome) ? .rejected : .done,
        report: bytes(OutcomeReport.outcome(outcome))))
  }

  private func finish(_ move: Move) {
    guard let spool else { return }
    do throws(SpoolError) {
      try spool.finish(move.name, from: move.place, to: move.outcome, report: move.report)
    } catch {
      guard error != .vanished else { return }
      if failedMoves.isEmpty {
        logger.log(
          .error, "a file of the spool could not be moved; trying again every second",
          [LogField("file", bytes: move.name), LogField("error", "\(error)")])
      }
      failedMoves.append(move)
      scheduleRetry()
    }
  }

  private func scheduleRetry() {
    guard !isRetrying else { return }
    isRetrying = true
    time.schedule(time.now().monotonic.advanced(by: Self.retryInterval)) { [weak self] in
      guard let self else { return }
      self.isRetrying = false
      let claims = self.failedClaims
      self.failedClaims = []
      for claim in claims { self.claim(claim.name, for: claim.id) }
      let moves = self.failedMoves
      self.failedMoves = []
      for move in moves { self.finish(move) }
    }
  }

  private func bytes(_ report: JSONValue) -> [UInt8] {
    Array((report.prettyText() + "\n").utf8)
  }

  // MARK: After a restart

  /// Finds out whose files lie in `active`, and moves those on whose story ended meanwhile.
  private func adoptActiveFiles() {
    guard let spool, activeFiles.isEmpty else { return }
    do throws(SystemError) {
      for name in try spool.listActive() { adopt(name, in: spool) }
    } catch {
      logger.log(.error, "the active folder cannot be listed", [LogField("error", "\(error)")])
    }
  }

  private func adopt(_ name: [UInt8], in spool: any Spool) {
    guard let bytes = try? spool.readActive(name),
      let signal = try? SignalReader.read(bytes, maximumBytes: maximumBytes)
    else { return logStranger(name) }
    do throws(StoreError) {
      guard let record = try store.signal(signal.id) else { return logStranger(name) }
      guard let order = try store.order(OrderKey(signal: signal.id)) else {
        return finish(
          Move(
            name: name, place: .active, outcome: .rejected,
            report: self.bytes(
              OutcomeReport.answer(
                SignalAnswer(
                  id: signal.id.text, status: .rejected, code: record.decision,
                  message: record.message)))))
      }
      activeFiles[signal.id] = name
      guard order.status.isTerminal else { return }
      settle(
        Outcome(
          signalID: signal.id, code: record.decision, message: record.message, order: order))
    } catch {
      storeFailed(error)
    }
  }

  private func logStranger(_ name: [UInt8]) {
    logger.log(
      .error, "a file in active belongs to no signal that the database knows; it is left alone",
      [
        LogField("file", bytes: name),
        LogField(
          "advice",
          "was the database replaced? look at the exchange before dropping the signal again"),
      ])
  }
}
