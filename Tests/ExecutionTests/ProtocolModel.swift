/// Order placement as a finite machine: a daemon that may be killed, and a machine that may lose its
/// power, between any two steps, a network that
/// may drop or delay, and an exchange that may be slow to show what it took. One signal, at most three
/// attempts, three crashes and three accepted orders.
struct ProtocolModel {
  /// What the database holds of the signal.
  enum Row: Hashable {
    case absent, ready, sending, placed, rejected, notPlaced, quarantined
  }

  /// What the daemon does next. Lost in a crash.
  enum Step: Hashable {
    case boot, scan, insert, arm, send, await, ambiguous, resolve
    case recordPlaced, recordRejected, recordNotPlaced, recordQuarantine
    /// One clean look before the one more attempt that a definite refusal allows.
    case lookBeforeRetry
    /// A start under another boot looks for an order whose arming may be lost.
    case lookFirst
    case moveFile, idle
  }

  /// How old the newest request is.
  enum Age: Int, Hashable {
    /// Inside the receive window.
    case fresh
    /// After the acceptance deadline: an exchange that keeps its word refuses it.
    case late
    /// After the settle time: an exchange that keeps its word shows what it took.
    case settled
  }

  struct State: Hashable {
    var row = Row.absent
    /// The arming is on the disk, and not only where a killed process leaves it.
    var isArmingSynced = true
    /// The row was written before the machine's present boot.
    var isOfEarlierBoot = false
    var fileIsDone = false
    var step = Step.scan
    /// Copies of the newest request that are still travelling, and of older ones.
    var travelling = 0
    var travellingOld = 0
    var accepted = 0
    var isVisible = true
    /// Whether the last accepted order is still open.
    var isOpen = false
    var age = Age.fresh
    var crashes = 0
    var attempts = 0
    var hasRetried = false
  }

  enum Dedupe {
    case never, whileOpen, always
  }

  struct Exchange {
    /// Late copies are refused.
    var hasFence = true
    /// Accepted orders are visible once the settle time is over.
    var isLagBounded = true
    var dedupe = Dedupe.never
  }

  enum OnNotFound {
    case quarantine, resend, fail
  }

  struct Rules {
    var writesAhead = true
    var onNotFound = OnNotFound.quarantine
    var waitsToSettle = true
    var takesTimeoutForFailure = false
    var movesFileFirst = false
    /// One more attempt after a definite refusal, once a look has found nothing.
    var retriesRefusal = false
    /// The arming is not synced before the order leaves.
    var armsUnsynced = false
    /// After a power cut a row that is not armed is still taken for an order that never left.
    var trustsUnarmed = false
    /// Such a row is sent when a look finds nothing.
    var sendsWhatIsNotFound = false
  }

  enum Violation: Hashable {
    /// Two orders for one signal.
    case duplicate
    /// Recorded as not placed, and the exchange has it.
    case ghost
    /// Recorded as placed, and the exchange does not have it.
    case phantom
    /// At rest without a record of the signal.
    case lost
    /// At rest with the file where it came in.
    case fileLeft
  }

  struct Result {
    var states = 0
    var violations: Set<Violation> = []
  }

  private static let crashMaximum = 3
  private static let attemptMaximum = 3
  private static let acceptedMaximum = 3

  let rules: Rules
  let exchange: Exchange

  /// Every state that can be reached, and what is wrong in any of them.
  func explore() -> Result {
    let start = State()
    var seen: Set<State> = [start]
    var pending = [start]
    var result = Result()
    while let state = pending.popLast() {
      result.states += 1
      result.violations.formUnion(violations(in: state))
      for next in world(state) + crash(state) + daemon(state) where seen.insert(next).inserted {
        pending.append(next)
      }
    }
    return result
  }

  private func violations(in state: State) -> Set<Violation> {
    var found: Set<Violation> = []
    if state.accepted > 1 { found.insert(.duplicate) }
    guard state.step == .idle else { return found }
    switch state.row {
    case .rejected, .notPlaced: if state.accepted > 0 { found.insert(.ghost) }
    case .placed: if state.accepted == 0 { found.insert(.phantom) }
    case .absent: found.insert(.lost)
    case .ready, .sending, .quarantined: break
    }
    if !state.fileIsDone { found.insert(.fileLeft) }
    return found
  }

  private func crash(_ state: State) -> [State] {
    guard state.crashes < Self.crashMaximum, state.step != .idle else { return [] }
    let killed = state.with {
      $0.step = .boot
      $0.crashes += 1
    }
    // Whatever was synced outlives the power, and without an unsynced arming both are the same to a
    // start that does not ask for the boot.
    guard rules.armsUnsynced else { return [killed] }
    let cut = killed.with {
      $0.isOfEarlierBoot = $0.row != .absent
      // Some of what was not synced may have reached the disk.
      if !$0.isArmingSynced { $0.row = .ready }
      $0.isArmingSynced = true
    }
    let kept = killed.with {
      $0.isOfEarlierBoot = $0.row != .absent
      $0.isArmingSynced = true
    }
    return [killed, cut, kept]
  }
}

// MARK: - The network and the exchange

extension ProtocolModel {
  private func world(_ state: State) -> [State] {
    var next = arrivals(\.travelling, isLate: state.age != .fresh, state)
    next += arrivals(\.travellingOld, isLate: true, state)
    if state.accepted > 0, !state.isVisible { next.append(state.with { $0.isVisible = true }) }
    if state.isOpen { next.append(state.with { $0.isOpen = false }) }
    switch state.age {
    case .fresh: next.append(state.with { $0.age = .late })
    case .late:
      if !exchange.isLagBounded || state.isVisible || state.accepted == 0 {
        next.append(state.with { $0.age = .settled })
      }
    case .settled: break
    }
    return next
  }

  /// A copy is dropped, refused, recognised or accepted.
  private func arrivals(
    _ copies: WritableKeyPath<State, Int>, isLate: Bool, _ state: State
  ) -> [State] {
    guard state[keyPath: copies] > 0 else { return [] }
    let dropped = state.with { $0[keyPath: copies] -= 1 }
    if isLate && exchange.hasFence { return [dropped] }
    let isRecognised =
      switch exchange.dedupe {
      case .never: false
      case .whileOpen: state.isOpen
      case .always: state.accepted > 0
      }
    guard !isRecognised, state.accepted < Self.acceptedMaximum else { return [dropped] }
    return [
      dropped,
      dropped.with {
        $0.accepted += 1
        $0.isVisible = false
        $0.isOpen = true
      },
    ]
  }
}

// MARK: - The daemon

extension ProtocolModel {
  private func daemon(_ state: State) -> [State] {
    switch state.step {
    case .boot: [state.at(.scan)]
    case .scan: [scan(state)]
    case .insert: [state.at(.arm) { $0.row = rules.writesAhead ? .ready : .absent }]
    case .arm: [arm(state)]
    case .send: [send(state)]
    case .await: answers(to: state)
    case .ambiguous: [state.at(rules.takesTimeoutForFailure ? .recordRejected : .resolve)]
    case .resolve: resolve(state)
    case .lookBeforeRetry: lookBeforeRetry(state)
    case .lookFirst: lookFirst(state)
    case .recordPlaced: [record(.placed, state)]
    case .recordRejected: [record(.rejected, state)]
    case .recordNotPlaced: [record(.notPlaced, state)]
    case .recordQuarantine: [record(.quarantined, state)]
    case .moveFile: [state.at(.idle) { $0.fileIsDone = true }]
    case .idle: []
    }
  }

  private func scan(_ state: State) -> State {
    switch state.row {
    case .placed, .rejected, .notPlaced, .quarantined: state.at(.moveFile)
    case .sending: state.at(.resolve)
    case .ready:
      state.at(state.isOfEarlierBoot && !rules.trustsUnarmed ? .lookFirst : .arm)
    case .absent:
      if state.fileIsDone {
        state.at(.idle)
      } else {
        state.at(.insert) { if rules.movesFileFirst { $0.fileIsDone = true } }
      }
    }
  }

  private func arm(_ state: State) -> State {
    guard state.attempts < Self.attemptMaximum else {
      return state.at(.moveFile) { $0.row = .quarantined }
    }
    return state.at(.send) {
      $0.row = rules.writesAhead ? .sending : .absent
      $0.isArmingSynced = !rules.armsUnsynced
    }
  }

  /// Every later commit syncs what came before it.
  private func record(_ row: Row, _ state: State) -> State {
    state.at(.moveFile) {
      $0.row = row
      $0.isArmingSynced = true
    }
  }

  /// What an earlier run may have sent is late and settled before a "no" counts.
  private func lookFirst(_ state: State) -> [State] {
    if state.age != .settled { return [] }
    if state.accepted > 0, state.isVisible { return [state.at(.recordPlaced)] }
    return [state.at(rules.sendsWhatIsNotFound ? .arm : .recordQuarantine)]
  }

  private func send(_ state: State) -> State {
    state.at(.await) {
      if $0.age == .fresh {
        $0.travelling = min(2, $0.travelling + 1)
      } else {
        $0.travellingOld = min(2, $0.travellingOld + $0.travelling)
        $0.travelling = 1
      }
      $0.attempts += 1
      $0.age = .fresh
    }
  }

  private func answers(to state: State) -> [State] {
    var next = [state.at(.ambiguous)]
    if state.accepted > 0 { next.append(state.at(.recordPlaced)) }
    // A copy that was consumed without acceptance was refused, definitely.
    if state.accepted == 0, state.travelling + state.travellingOld == 0 {
      let mayRetry = rules.retriesRefusal && !state.hasRetried
      next.append(state.at(mayRetry ? .lookBeforeRetry : .recordRejected))
    }
    return next
  }

  private func resolve(_ state: State) -> [State] {
    if rules.waitsToSettle, state.age != .settled { return [] }
    if state.accepted > 0, state.isVisible { return [state.at(.recordPlaced)] }
    return switch rules.onNotFound {
    case .quarantine: [state.at(.recordQuarantine)]
    case .resend: [state.at(.arm)]
    case .fail: [state.at(.recordNotPlaced)]
    }
  }

  /// Only the look's result is written down: a crash before it leaves an order to be resolved.
  private func lookBeforeRetry(_ state: State) -> [State] {
    if state.accepted > 0, state.isVisible { return [state.at(.recordPlaced)] }
    return [
      state.at(.arm) {
        $0.row = .ready
        $0.isArmingSynced = true
        $0.hasRetried = true
      }
    ]
  }
}

extension ProtocolModel.State {
  fileprivate func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  fileprivate func at(_ step: ProtocolModel.Step, _ change: (inout Self) -> Void = { _ in }) -> Self
  {
    var copy = self
    copy.step = step
    change(&copy)
    return copy
  }
}
