package import Domain

/// Drives an engine through its turns: inputs are applied at once, their writes are committed
/// together, then orders leave, and all else happens when the database has what was committed. It obeys
/// the effects and decides nothing. The daemon, its simulation and the engine's tests drive it in the same way.
package final class EngineDriver<Failure: Error> {
  /// Where the writes of a turn go.
  package struct Storage {
    package var write: (StoreWrite) throws(Failure) -> Void
    package var commit: (Durability) throws(Failure) -> Void
    /// Brings into the database what was committed before it had it.
    package var flush: () throws(Failure) -> Void
    /// Whether there is such a thing.
    package var isBehind: () -> Bool
    /// Whether the last failure has taken what was committed and had not left.
    package var hasGivenUp: () -> Bool
    /// Whether the next start may find what this failure did not confirm.
    package var mayBeKept: (Failure) -> Bool
    /// What follows from the commits and nobody waits for.
    package var catchUp: () -> Void

    package init(
      write: @escaping (StoreWrite) throws(Failure) -> Void,
      commit: @escaping (Durability) throws(Failure) -> Void,
      flush: @escaping () throws(Failure) -> Void = {}, isBehind: @escaping () -> Bool = { false },
      hasGivenUp: @escaping () -> Bool = { false },
      mayBeKept: @escaping (Failure) -> Bool = { _ in false },
      catchUp: @escaping () -> Void = {}
    ) {
      self.write = write
      self.commit = commit
      self.flush = flush
      self.isBehind = isBehind
      self.hasGivenUp = hasGivenUp
      self.mayBeKept = mayBeKept
      self.catchUp = catchUp
    }
  }

  /// What leaves the engine, in the words of the edges.
  package struct Edges {
    package var send: (Dispatch) -> Void
    /// Takes back what was sent and has not left.
    package var withdrawUnsent: (Withdrawal) -> Void
    package var answer: (Receipt, SignalAnswer) -> Void
    package var settle: (Outcome) -> Void
    package var doubt: (SignalID, Doubt?) -> Void
    package var answerCommand: (CommandToken, CommandAnswer) -> Void
    package var log: (LogEntry) -> Void
    package var watchPrices: (Set<Symbol>) -> Void
    package var connectAccountStream: () -> Void
    /// All that was committed together is performed.
    package var performed: () -> Void
    /// The driver's life is over: what the engine believes is not what is durable.
    package var storageFailed: (Failure) -> Void

    package init(
      send: @escaping (Dispatch) -> Void, withdrawUnsent: @escaping (Withdrawal) -> Void,
      answer: @escaping (Receipt, SignalAnswer) -> Void, settle: @escaping (Outcome) -> Void,
      doubt: @escaping (SignalID, Doubt?) -> Void,
      answerCommand: @escaping (CommandToken, CommandAnswer) -> Void,
      log: @escaping (LogEntry) -> Void, watchPrices: @escaping (Set<Symbol>) -> Void,
      connectAccountStream: @escaping () -> Void, performed: @escaping () -> Void = {},
      storageFailed: @escaping (Failure) -> Void
    ) {
      self.send = send
      self.withdrawUnsent = withdrawUnsent
      self.answer = answer
      self.settle = settle
      self.doubt = doubt
      self.answerCommand = answerCommand
      self.log = log
      self.watchPrices = watchPrices
      self.connectAccountStream = connectAccountStream
      self.performed = performed
      self.storageFailed = storageFailed
    }
  }

  package private(set) var engine: Engine
  private let storage: Storage
  private let now: () -> Moment
  private let edges: Edges
  private var deferred: [Deferred] = []
  /// What has been committed, and the database does not have yet.
  private var committed: [Deferred] = []
  /// How many of those are up to the last turn whose order has left.
  private var standing = 0
  /// What the database has and is still to be performed.
  private var ready: [Deferred] = []
  /// Whether something has left whose answers, files and journal are still to be seen to.
  package private(set) var hasSent = false
  /// What the turn's commit must outlive.
  private var durability = Durability.written
  private var inputs: [(input: Input, at: Moment)] = []
  private var isBusy = false
  package private(set) var hasFailed = false

  package init(engine: Engine, storage: Storage, now: @escaping () -> Moment, edges: Edges) {
    self.engine = engine
    self.storage = storage
    self.now = now
    self.edges = edges
  }

  /// Applies an input: its requests that need no commit are on the wire when this returns. An input
  /// that comes while another is being worked on waits for it.
  package func feed(_ input: Input) {
    if hasFailed { return }
    guard !isBusy else {
      inputs.append((input, now()))
      return
    }
    isBusy = true
    apply(input, at: now())
    isBusy = false
  }

  private func apply(_ input: Input, at now: Moment) {
    let effects = engine.apply(input, at: now)
    // A look-up is under way while the writes are made.
    for effect in effects {
      switch effect {
      case .write: break
      case .send(let dispatch) where dispatch.barrier == .none: edges.send(dispatch)
      case .withdrawUnsent(let withdrawal): withdraw(withdrawal)
      case .watchPrices(let symbols): edges.watchPrices(symbols)
      case .connectAccountStream: edges.connectAccountStream()
      case .send, .answer, .settled, .doubt, .answerCommand, .log:
        durability = max(durability, effect.durability)
        deferred.append(.effect(effect))
      }
    }
    for write in effects.writes { persist(write) }
  }

  private func persist(_ write: StoreWrite) {
    durability = max(durability, write.durability)
    do throws(Failure) {
      try storage.write(write)
    } catch {
      // The store tells it again at the commit, which undoes the whole turn.
    }
  }

  /// What waits for the commit has not left, and neither has what waits for a connection.
  private func withdraw(_ withdrawal: Withdrawal) {
    deferred.removeAll { item in
      guard case .effect(.send(let dispatch)) = item,
        dispatch.isPlacement || !withdrawal.isOfOrders
      else { return false }
      inputs.append((.answer(dispatch.id, .failed(.notSent(withdrawal.reason))), now()))
      return true
    }
    edges.withdrawUnsent(withdrawal)
  }

  /// Commits what the turn wrote, and lets the orders leave that waited for it; again, until nothing is
  /// left. Answers, files and the journal hold no order up: `finish` sees to them.
  package func commitAndSend() {
    if hasFailed { return }
    isBusy = true
    defer { isBusy = false }
    if let deadline = engine.nextDeadline, deadline <= now().monotonic {
      inputs.append((.tick, now()))
    }
    repeat {
      let waiting = inputs
      inputs = []
      for (input, at) in waiting { apply(input, at: at) }
      // A read has brought it in.
      if !storage.isBehind() && !storage.hasGivenUp() { makeReady() }
      guard commit() else { return }
      let items = deferred
      deferred = []
      committed += items
      for item in items {
        guard case .effect(.send(let dispatch)) = item else { continue }
        leave(dispatch)
        if dispatch.isPlacement { standing = committed.count }
      }
      if !storage.isBehind() { makeReady() }
    } while !inputs.isEmpty
  }

  /// The database has everything that was committed.
  private func makeReady() {
    standing = committed.count
    readyStanding()
  }

  private func readyStanding() {
    ready += committed.prefix(standing)
    committed.removeFirst(standing)
    standing = 0
  }

  /// Commits what the turn wrote, then performs everything that waited for it; again, until nothing is
  /// left. The store catches up when all of it is done.
  package func finish() {
    if hasFailed { return }
    repeat {
      commitAndSend()
      guard flush() else { break }
      performReady()
    } while !inputs.isEmpty
    storage.catchUp()
  }

  private func flush() -> Bool {
    if hasFailed { return false }
    do throws(Failure) {
      try storage.flush()
      makeReady()
      return true
    } catch {
      fail(error)
      return false
    }
  }

  /// Performs what the database has.
  private func performReady() {
    isBusy = true
    defer { isBusy = false }
    let items = ready
    ready = []
    hasSent = false
    for item in items { perform(item) }
    if !items.isEmpty { edges.performed() }
  }

  private func commit() -> Bool {
    do throws(Failure) {
      try storage.commit(durability)
      durability = .written
      return true
    } catch {
      fail(error)
      return false
    }
  }

  private func fail(_ error: Failure) {
    hasFailed = true
    inputs = []
    abandon(error)
    edges.storageFailed(error)
  }

  /// For who lets go of the driver: performs what stands, and refuses the rest.
  package func abandon(_ error: Failure) {
    if storage.hasGivenUp() { readyStanding() } else { makeReady() }
    let lost = committed + deferred
    committed = []
    deferred = []
    performReady()
    for item in lost { refuse(item, error) }
  }

  /// Those who wait are told that nothing of it came to be, or that nobody knows.
  private func refuse(_ item: Deferred, _ error: Failure) {
    switch item {
    case .work(let work): work()
    case .effect(.answer(let receipt, let answer)):
      let code = DecisionCode.storageUnavailable
      let message =
        storage.mayBeKept(error)
        ? "The disk failed before it confirmed the signal, which may have been taken; send it again "
          + "under the same id only."
        : code.meaning
      edges.answer(
        receipt, SignalAnswer(id: answer.id, status: .rejected, code: code, message: message))
    case .effect(.answerCommand(let token, _)):
      // A disk that fails may have kept what it did not confirm, and the next start finds it.
      edges.answerCommand(
        token,
        CommandAnswer(
          ok: false, message: "not confirmed, look at 'status' before you repeat it: \(error)"))
    case .effect(.write), .effect(.send), .effect(.withdrawUnsent), .effect(.settled),
      .effect(.doubt), .effect(.log), .effect(.watchPrices), .effect(.connectAccountStream):
      break
    }
  }

  /// Does `work` in its place among the answers of this turn.
  package func afterCommit(_ work: @escaping () -> Void) {
    deferred.append(.work(work))
  }

  private func perform(_ item: Deferred) {
    switch item {
    case .work(let work): work()
    case .effect(.answer(let receipt, let answer)): edges.answer(receipt, answer)
    case .effect(.settled(let outcome)): edges.settle(outcome)
    case .effect(.doubt(let id, let doubt)): edges.doubt(id, doubt)
    case .effect(.answerCommand(let token, let answer)): edges.answerCommand(token, answer)
    case .effect(.log(let entry)): edges.log(entry)
    case .effect(.write), .effect(.send), .effect(.withdrawUnsent), .effect(.watchPrices),
      .effect(.connectAccountStream):
      break
    }
  }

  /// The commit may have taken long, or the receive window be short: what is too late does not leave.
  private func leave(_ dispatch: Dispatch) {
    guard let deadline = dispatch.sendBefore, now().monotonic > deadline else {
      hasSent = true
      return edges.send(dispatch)
    }
    feed(.answer(dispatch.id, .failed(.notSent("held up until its price or its stamp was old"))))
  }

  package func status(at now: Moment) -> EngineStatus { engine.status(at: now) }

  // What is asked for in every turn. Read through `engine`, from another module, each of these would
  // copy the whole engine first.

  package var nextDeadline: MonotonicTime? { engine.nextDeadline }
  package var isTradingOpen: Bool { engine.isTradingOpen }
  package var isAskingPrices: Bool { engine.isAskingPrices }
  package var awaitsPushedPrices: Bool { engine.awaitsPushedPrices }
  package var venueFactsRevision: Int { engine.venueFactsRevision }
  package func waitReason(of id: SignalID) -> String? {
    engine.waitReason(of: id, at: now().monotonic)
  }
}

extension Effect {
  /// What must outlive a power cut because somebody acts on it who counts on what was written with it.
  fileprivate var durability: Durability {
    switch self {
    case .send(let dispatch):
      switch dispatch.barrier {
      case .none, .written: .written
      case .durable: .synced
      }
    case .answer(_, let answer): answer.status == .accepted ? .recorded : .synced
    case .settled, .doubt, .answerCommand: .synced
    case .write, .withdrawUnsent, .log, .watchPrices, .connectAccountStream: .written
    }
  }
}

extension StoreWrite {
  /// What it must outlive. That an order leaves, a power cut may take back: a start under another boot
  /// looks for every order that is not on record as armed. That a signal is accepted, too, where the
  /// signal itself is on the disk.
  fileprivate var durability: Durability {
    switch self {
    case .insertSignal(let record, _, _): record.decision == .accepted ? .recorded : .synced
    case .appendEvent(let event):
      switch event.kind {
      case OrderEvent.armedKind, OrderEvent.approvedKind: .written
      case OrderEvent.createdKind, HistoryEvent.receivedKind: .recorded
      case _: .synced
      }
    case .putOrder(let order):
      order.status == .new || order.status == .submitted ? .written : .synced
    case .updateDecision, .setHalt, .setCareful, .setOwner, .setBan, .setRateUsage, .setWatched:
      .synced
    }
  }
}

/// What waits for the commit, in the order in which it came up. Outside the driver: an array of a type
/// that depended on the storage's errors would look up its own type each time.
private enum Deferred {
  case effect(Effect)
  case work(() -> Void)
}
