package import Domain
package import Execution
package import Store

/// One epoch of the engine between two readings of the store, and the discipline of a turn: inputs
/// are applied at once, their writes are committed together, and only then happens what had to wait
/// for the commit.
package final class Turn {
  /// What leaves the engine, in the words of the edges.
  package struct Performers {
    package var send: (Dispatch) -> Void
    package var answer: (Receipt, SignalAnswer) -> Void
    package var settle: (Outcome) -> Void
    package var doubt: (SignalID, Doubt?) -> Void
    package var answerCommand: (CommandToken, CommandAnswer) -> Void
    package var log: (LogEntry) -> Void
    /// The epoch is over: what the engine believes is not what is durable.
    package var storageFailed: (StoreError) -> Void

    package init(
      send: @escaping (Dispatch) -> Void, answer: @escaping (Receipt, SignalAnswer) -> Void,
      settle: @escaping (Outcome) -> Void, doubt: @escaping (SignalID, Doubt?) -> Void,
      answerCommand: @escaping (CommandToken, CommandAnswer) -> Void,
      log: @escaping (LogEntry) -> Void, storageFailed: @escaping (StoreError) -> Void
    ) {
      self.send = send
      self.answer = answer
      self.settle = settle
      self.doubt = doubt
      self.answerCommand = answerCommand
      self.log = log
      self.storageFailed = storageFailed
    }
  }

  /// What waits for the commit, in the order in which it came up.
  private enum Deferred {
    case effect(Effect)
    case work(() -> Void)
  }

  package private(set) var engine: Engine
  private let store: any StateStore
  private let now: () -> Moment
  private let performers: Performers
  private var deferred: [Deferred] = []
  private var inputs: [(input: Input, at: Moment)] = []
  private var isBusy = false
  package private(set) var hasFailed = false

  package init(
    engine: Engine, store: any StateStore, now: @escaping () -> Moment, performers: Performers
  ) {
    self.engine = engine
    self.store = store
    self.now = now
    self.performers = performers
  }

  /// Applies an input: its requests that need no commit are on the wire when this returns; orders do,
  /// and all requests while the exchange's pools are much used. An input
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
    // A heavy use of the exchange's pools is on record before it happens: a run that follows a kill
    // must count it.
    let isHeavy = effects.contains { effect in
      if case .write(.setRateUsage) = effect { true } else { false }
    }
    for effect in effects {
      switch effect {
      case .write(let write): persist(write)
      case .send(let dispatch) where !dispatch.isPlacement && !isHeavy: performers.send(dispatch)
      case .send, .answer, .settled, .doubt, .answerCommand, .log: deferred.append(.effect(effect))
      }
    }
  }

  private func persist(_ write: StoreWrite) {
    do throws(StoreError) {
      try store.write(write)
    } catch {
      // The store tells it again at the commit, which undoes the whole turn.
    }
  }

  /// Commits what the turn wrote, then performs what waited for it; again, until nothing is left.
  package func finish() {
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
      guard commit() else { return }
      let ready = deferred
      deferred = []
      // What an order waited for is done: answers, files and the journal do not hold it up.
      for item in ready {
        if case .effect(.send(let dispatch)) = item { leave(dispatch) }
      }
      for item in ready { perform(item) }
    } while !inputs.isEmpty
  }

  private func commit() -> Bool {
    do throws(StoreError) {
      try store.commit()
      return true
    } catch {
      hasFailed = true
      inputs = []
      let lost = deferred
      deferred = []
      for item in lost { refuse(item, error) }
      performers.storageFailed(error)
      return false
    }
  }

  /// Those who wait are told that nothing of it came to be.
  private func refuse(_ item: Deferred, _ error: StoreError) {
    switch item {
    case .work(let work): work()
    case .effect(.answer(let receipt, let answer)):
      let code = DecisionCode.storageUnavailable
      performers.answer(
        receipt,
        SignalAnswer(id: answer.id, status: .rejected, code: code, message: code.meaning))
    case .effect(.answerCommand(let token, _)):
      // A disk that fails may have kept what it did not confirm, and the next start finds it.
      performers.answerCommand(
        token,
        CommandAnswer(
          ok: false, message: "not confirmed, look at 'status' before you repeat it: \(error)"))
    case .effect(.write), .effect(.send), .effect(.settled), .effect(.doubt), .effect(.log): break
    }
  }

  /// Does `work` in its place among the answers of this turn.
  package func afterCommit(_ work: @escaping () -> Void) {
    deferred.append(.work(work))
  }

  private func perform(_ item: Deferred) {
    switch item {
    case .work(let work): work()
    case .effect(.answer(let receipt, let answer)): performers.answer(receipt, answer)
    case .effect(.settled(let outcome)): performers.settle(outcome)
    case .effect(.doubt(let id, let doubt)): performers.doubt(id, doubt)
    case .effect(.answerCommand(let token, let answer)): performers.answerCommand(token, answer)
    case .effect(.log(let entry)): performers.log(entry)
    case .effect(.write), .effect(.send): break
    }
  }

  /// The exchange may have demanded silence since this was decided, and the commit may have taken
  /// long: what is not welcome or too late now does not leave.
  private func leave(_ dispatch: Dispatch) {
    if engine.ban != nil {
      feed(.answer(dispatch.id, .failed(.notSent("the exchange demands silence"))))
    } else if let deadline = dispatch.sendBefore, now().monotonic > deadline {
      feed(.answer(dispatch.id, .failed(.notSent("the commit took too long"))))
    } else {
      performers.send(dispatch)
    }
  }

  package func status(at now: Moment) -> EngineStatus { engine.status(at: now) }
}
