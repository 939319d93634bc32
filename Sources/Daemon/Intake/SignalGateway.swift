import Control
import Cryptography
package import Domain
package import Execution
package import Intake
import JSON
package import Platform
package import Store
import Transport

/// Where signals come in and their answers go out: bytes are read and handed to the engine, and whoever
/// sent them is answered once the engine's decision is durable.
package final class SignalGateway {
  private enum Waiting {
    case file(TakenFile)
    case line(([UInt8]) -> Void)
  }

  private let time: Timekeeper
  private let logger: Logger
  private let account: String
  private let maximumBytes: Int
  private let store: any StateStore
  private var spool: (any Spool)?
  private var server: LineServer?
  private var clients: [LineServer.ConnectionID: SignalClient] = [:]
  /// Tells the signals of a source from those that only say so.
  package var authenticator = SourceAuthenticator()
  /// The present epoch; nil while the store does not work.
  package weak var driver: EngineDriver<StoreError>?
  /// Brings in the prices that were pushed and lie unread: a signal is to be judged by them.
  package var readPrices: () -> Void = {}
  package var storeFailed: (StoreError) -> Void = { _ in } {
    didSet { files.storeFailed = storeFailed }
  }
  /// What whoever sends signals may read.
  var stories: SenderStories?
  private var isClosing = false
  package var metrics: Metrics?

  private var waiting: [Receipt: (who: Waiting, order: ClientOrderID)] = [:]
  private var nextReceipt = 1
  package let files: SignalFiles

  /// `openSpool` gets what takes the spool's files and what takes its complaints. Throws when
  /// `openSpool` does.
  package init(
    time: Timekeeper, logger: Logger, account: String, maximumBytes: Int, store: any StateStore,
    openSpool: (
      _ onFile: @escaping (SpoolFile) -> Void,
      _ onProblem: @escaping (SpoolProblem) -> Void
    ) throws(SystemError) -> any Spool
  ) throws(SystemError) {
    self.time = time
    self.logger = logger
    self.account = account
    self.maximumBytes = maximumBytes
    self.store = store
    files = SignalFiles(time: time, logger: logger, store: store)
    spool = try openSpool(
      { [weak self] file in self?.take(file) },
      { problem in logger.log(problem.level, problem.message, problem.fields) })
    files.spool = spool
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
      disconnected: { [weak self] id in self?.clients[id] = nil },
      troubled: { [logger] trouble in
        logger.log(.warning, "signal socket: \(trouble)", trouble.fields)
      })
  }

  /// Begins to take signals, unless the store fails over it. What the database has lost comes first.
  package func open(_ state: StoredState) {
    do throws(StoreError) {
      let lost = try lostSignals(state.unrecorded)
      files.adoptActive(state.live, and: Set(lost.map(\.signal.id)))
      guard driver != nil else { return }
      // One that was sent twice is known by now.
      for arrival in lost { driver?.feed(.signal(arrival, known: try known(arrival.signal.id))) }
      spool?.resume()
    } catch {
      storeFailed(error)
    }
  }

  /// A sender that was believed then is not asked again.
  private func lostSignals(_ records: [IntakeRecord]) throws(StoreError) -> [SignalArrival] {
    var lost: [SignalArrival] = []
    for record in records {
      guard let signal = try? SignalReader.read(record.raw, maximumBytes: record.raw.count),
        try known(signal.id) == nil
      else { continue }
      var arrival = arrival(of: signal, record.raw, from: record.origin, at: record.arrivedAt)
      arrival.firstReadAt = record.readAt
      nextReceipt += 1
      lost.append(arrival)
    }
    return lost
  }

  /// Files wait where they are until `open`.
  package func pause() { spool?.pause() }

  /// Takes no further signal; answers that are owed still go out.
  package func stopTaking() {
    isClosing = true
    spool?.pause()
    server?.stopReading()
  }

  package func close() {
    files.moveLastFiles()
    spool?.close()
    server?.close()
    spool = nil
    files.spool = nil
    server = nil
  }

  /// What is wrong with the spool and the socket, for `status`.
  var troubles: [Trouble] {
    files.troubles
      + (server?.troubles ?? []).map { trouble in
        Trouble(subject: .daemon, message: "signal socket: \(trouble)", advice: trouble.advice)
      }
  }

  // MARK: In

  private func greet(_ id: LineServer.ConnectionID, _ peer: PeerCredentials) {
    clients[id] = SignalClient(peer: peer, maximumTextBytes: maximumBytes)
  }

  private func take(_ line: LineInput, from id: LineServer.ConnectionID) {
    guard let server, var client = clients[id] else { return }
    let step = client.step(for: line, maximumBytes: maximumBytes)
    if let fields = client.greeting(before: step) {
      logger.log(.info, "a client connected to the signal socket", fields)
    }
    clients[id] = client
    switch step {
    case .signal(let bytes):
      let now = time.now()
      let wait = now.monotonic.since(server.arrival(from: id) ?? now.monotonic)
      take(
        line: bytes, from: LineSender(name: client.name, user: client.user),
        arrivedAt: now.wall.advanced(by: .zero - wait)
      ) { [weak server] answer in server?.answer(id, answer) }
    case .pass: server.pass(id)
    case .refuse(let refusal, isLast: false):
      refuse(refusal, .line { [weak server] answer in server?.answer(id, answer) })
    case .refuse(let refusal, isLast: true):
      refuse(
        refusal,
        .line { [weak server] answer in
          server?.answer(id, answer)
          server?.finish(id)
        }, client.fields)
    }
  }

  /// Takes one line of a socket's peer; `reply` gets the one line that answers it.
  package func take(
    line: [UInt8], from peer: LineSender, arrivedAt: WallTime, reply: @escaping ([UInt8]) -> Void
  ) {
    submit(
      line, from: .socket(peer.name), arrivedAt: arrivedAt, waiting: .line(reply),
      takenOtherwise: { [weak self] refusal in
        self?.takeOther(line, refusal, from: peer, reply) ?? false
      })
  }

  /// Whether a line that is no signal is another thing that the socket takes.
  private func takeOther(
    _ line: [UInt8], _ refusal: SignalRefusal, from peer: LineSender,
    _ reply: @escaping ([UInt8]) -> Void
  ) -> Bool {
    switch refusal.field {
    case Heartbeat.field: take(heartbeat: line, .line(reply))
    case StoryRequest.field: take(storyRequest: line, from: peer, reply)
    case _: return false
    }
    return true
  }

  private func take(_ file: SpoolFile) {
    switch file.content {
    case .failure(let refusal):
      refuse(NotASignalText.file(file.name, refusal).refusal, .file(TakenFile(file)))
    case .success(let bytes):
      submit(
        bytes, from: .file(file.name), arrivedAt: file.arrivedAt, waiting: .file(TakenFile(file))
      ) { [spool] refusal in
        spool?.leaveUnfinished(file, breaksOff: refusal.breaksOff) ?? false
      }
    }
  }

  /// What is no signal may be `takenOtherwise`: it is still in the making, or asks for something else.
  private func submit(
    _ bytes: [UInt8], from origin: SignalOrigin, arrivedAt: WallTime, waiting who: Waiting,
    takenOtherwise: (SignalRefusal) -> Bool
  ) {
    let signal: Signal
    let signature: SignalSignature?
    do throws(SignalRefusal) {
      (signal, signature) = try SignalReader.readSigned(bytes, maximumBytes: maximumBytes)
    } catch {
      return takenOtherwise(error) ? () : refuse(error, who)
    }
    guard let driver, !isClosing else { return answerUnavailable(signal.id, who) }
    do throws(StoreError) {
      // The bytes of a signal that was taken are a repetition, whatever secret counts since.
      if let refusal = authenticator.refusal(of: signal, signature),
        try store.signal(signal.id)?.raw != bytes
      {
        return refuse(refusal, who)
      }
      try store.announce(
        signal.id, bytes, from: origin, arrivedAt: arrivedAt, readAt: time.now().wall)
      readPrices()
      // In a crowd the first one's look-up serves the next ones, too.
      if !store.hasUncommittedWrites { driver.feed(.expected(signal)) }
      let known = try known(signal.id)
      // The kernel's workers that see to the write and to its flush wait for this processor.
      Processor.yield()
      let arrival = arrival(of: signal, bytes, from: origin, at: arrivedAt)
      nextReceipt += 1
      waiting[arrival.receipt] = (who, arrival.clientOrderID)
      if known == nil { metrics?.arrived(arrival.clientOrderID, at: time.now().monotonic) }
      driver.feed(.signal(arrival, known: known))
      Processor.yield()
    } catch {
      answerUnavailable(signal.id, who)
      storeFailed(error)
    }
  }

  private func arrival(
    of signal: Signal, _ bytes: [UInt8], from origin: SignalOrigin, at time: WallTime
  ) -> SignalArrival {
    let text = signal.canonicalBytes
    return SignalArrival(
      signal: signal, canonicalText: String(decoding: text, as: UTF8.self), raw: bytes,
      contentDigest: Digest.sha256(text),
      clientOrderID: ClientOrderID(account: account, signal: signal.id), origin: origin,
      arrivedAt: time, receipt: Receipt(number: nextReceipt))
  }

  /// What would become of these bytes if they came now: nothing is remembered, and nothing leaves.
  /// Throws why that cannot be told.
  func dryRun(_ bytes: [UInt8]) throws(ControlFailure) -> JSONValue {
    let noSignals = ControlFailure(code: .refused, message: "the daemon takes no signals now")
    guard let driver, !isClosing else { throw noSignals }
    let signal: Signal
    let signature: SignalSignature?
    do throws(SignalRefusal) {
      (signal, signature) = try SignalReader.readSigned(bytes, maximumBytes: maximumBytes)
    } catch {
      return DryRunReport(error).document
    }
    if let refusal = authenticator.refusal(of: signal, signature) {
      return DryRunReport(refusal).document
    }
    let known: KnownSignal?
    do throws(StoreError) { known = try self.known(signal.id) } catch {
      storeFailed(error)
      throw ControlFailure(error)
    }
    readPrices()
    let now = time.now()
    let arrival = arrival(of: signal, bytes, from: .socket("dry run"), at: now.wall)
    guard let run = DryRun(of: arrival, known, on: driver.engine, at: now) else { throw noSignals }
    return DryRunReport(run).document
  }

  private func take(heartbeat bytes: [UInt8], _ who: Waiting) {
    do throws(SignalRefusal) {
      guard let heartbeat = try Heartbeat(bytes) else { return }
      if let refusal = authenticator.refusal(of: heartbeat, at: time.now().wall) {
        return refuse(refusal, who)
      }
      guard let driver, !isClosing else { return answerUnavailable(nil, who) }
      driver.feed(.heartbeat(heartbeat.source))
      replyInTurn(
        SignalAnswer(
          id: nil, status: .accepted, code: .heartbeat, message: DecisionCode.heartbeat.meaning),
        to: who)
    } catch {
      refuse(error, who)
    }
  }

  private func take(
    storyRequest bytes: [UInt8], from peer: LineSender, _ reply: @escaping ([UInt8]) -> Void
  ) {
    do throws(SignalRefusal) {
      guard let request = try StoryRequest(bytes), let stories else { return }
      let answer = { reply(stories.answer(request.id, to: peer.user).line) }
      if let driver { driver.afterCommit(answer) } else { answer() }
    } catch {
      refuse(error, .line(reply))
    }
  }

  private func known(_ id: SignalID) throws(StoreError) -> KnownSignal? {
    guard try store.isKnown(id) else { return nil }
    guard let record = try store.signal(id) else {
      return try store.compactedSignal(id).map(KnownSignal.init)
    }
    return KnownSignal(record: record, status: try store.order(OrderKey(signal: id))?.status)
  }

  private func refuse(_ refusal: SignalRefusal, _ who: Waiting, _ more: [LogField] = []) {
    var fields = [LogField("code", refusal.code.rawValue)] + more
    if let id = refusal.id { fields.append(LogField("signal_id", id.text)) }
    if case .file(let file) = who { fields.append(LogField("file", bytes: file.name)) }
    let isForged = refusal.code == .unauthenticated
    logger.log(
      isForged ? .warning : .notice, "refused: \(refusal.message)", fields, kind: .signalRefused)
    replyInTurn(
      SignalAnswer(
        id: refusal.id?.text, status: .rejected, code: refusal.code, message: refusal.message),
      to: who)
  }

  private func answerUnavailable(_ id: SignalID?, _ who: Waiting) {
    let code: DecisionCode = isClosing ? .shuttingDown : .storageUnavailable
    replyInTurn(
      SignalAnswer(id: id?.text, status: .rejected, code: code, message: code.meaning), to: who)
  }

  /// Answers leave in the order of the lines, and those before this one may wait for a commit.
  private func replyInTurn(_ answer: SignalAnswer, to who: Waiting) {
    guard let driver else {
      reply(answer, to: who)
      return moveFiles()
    }
    driver.afterCommit { [weak self] in self?.reply(answer, to: who) }
  }

  // MARK: Out

  package func answer(_ receipt: Receipt, _ answer: SignalAnswer) {
    guard let (who, order) = waiting.removeValue(forKey: receipt) else { return files.end(answer) }
    // A repetition says nothing of the order of the first.
    if answer.status == .rejected && answer.code != .conflictingDuplicate { metrics?.forget(order) }
    reply(answer, to: who)
  }

  private func reply(_ answer: SignalAnswer, to who: Waiting) {
    metrics?.answered(answer)
    let report = OutcomeReport.answer(answer)
    switch who {
    case .line(let reply): reply(Array(report.compactText().utf8))
    case .file(let file): place(file, answer, report)
    }
  }

  private func place(_ file: TakenFile, _ answer: SignalAnswer, _ report: JSONValue) {
    let id = answer.id.flatMap { SignalID($0) }
    switch answer.status {
    case .accepted: if let id { files.claim(file, for: id) }
    case .duplicate:
      guard let id else { return files.dispose(file, to: .done, report) }
      switch files.repetition(file, of: id) {
      case .unclaimed: files.claim(file, for: id)
      case .denied(let reason): files.dispose(file, to: .rejected, reason)
      case .copy: files.dispose(file, to: .done, report)
      }
    case .rejected where answer.code == .storageUnavailable || answer.code == .shuttingDown:
      // The signal was not remembered: its file waits.
      spool?.forget(file.name)
    case .rejected: files.dispose(file, to: .rejected, report)
    }
  }

  /// All is said that is said together: what is over goes where it belongs.
  package func moveFiles() { files.moveFiles() }

  /// The signal's story is over.
  package func settle(_ outcome: Outcome) {
    metrics?.settled(outcome)
    files.settle(outcome)
  }

  /// What became of a signal's order is in doubt, or no more.
  package func tell(_ doubt: Doubt?, of id: SignalID) { files.tell(doubt, of: id) }
}
