import Domain

/// Requests of one kind, all of which fail: after some failures in a row they wait, then one of them
/// tries, and the others go on once it is answered.
struct Breaker: Sendable {
  /// What the next failure or answer changed.
  enum Change: Hashable, Sendable {
    case opened
    case closed
  }

  private(set) var failures = 0
  /// Of the last failure.
  private(set) var reason = ""
  /// `nil` while it is closed.
  private(set) var openUntil: MonotonicTime?
  private var probe: RequestID?
  private var backOff = BackOff(first: .seconds(1), longest: .seconds(8))

  /// One failure is an accident of the network, and of two the second may be its echo.
  private static let failuresToOpen = 5

  var isProbing: Bool { probe != nil }
  var isOpen: Bool { openUntil != nil }

  /// Whether a request may leave now; asks to be called again when the time for a probe comes. While
  /// one is out its answer decides.
  func admits(_ reaction: inout Reaction) -> Bool {
    guard let openUntil else { return true }
    if isProbing { return false }
    guard openUntil > reaction.now.monotonic else { return true }
    reaction.wake(at: openUntil)
    return false
  }

  /// A request that was admitted leaves.
  mutating func sent(_ id: RequestID) {
    if isOpen { probe = id }
  }

  /// It said nothing of its kind: another may try.
  mutating func saidNothing(_ id: RequestID) {
    if probe == id { probe = nil }
  }

  mutating func failed(_ id: RequestID, _ reason: String, at now: MonotonicTime) -> Change? {
    failures += 1
    self.reason = reason
    let isProbe = probe == id
    saidNothing(id)
    // What was sent before it opened tells nothing new.
    guard isOpen ? isProbe : failures >= Self.failuresToOpen else { return nil }
    let wasOpen = isOpen
    openUntil = now.advanced(by: backOff.next())
    return wasOpen ? nil : .opened
  }

  mutating func answered() -> Change? {
    let wasOpen = isOpen
    self = Breaker()
    return wasOpen ? .closed : nil
  }
}

/// One breaker for each kind of request that nothing else keeps back: what is asked one at a time
/// (`Need`, `PriceBook`, `KeepAlive`), by order (`Following`, `Search`) or by list (`FailedList`) has a back-off of
/// its own.
struct Breakers: Sendable {
  enum Kind: CaseIterable, Sendable {
    case placements
    case cancels
  }

  private var breakers: [Kind: Breaker] = [:]

  subscript(_ kind: Kind) -> Breaker { breakers[kind] ?? Breaker() }

  /// Whether requests of the kind may leave now.
  func admits(_ kind: Kind, _ reaction: inout Reaction) -> Bool {
    self[kind].admits(&reaction)
  }

  mutating func sent(_ id: RequestID, for purpose: Purpose) {
    guard let kind = Kind(purpose) else { return }
    breakers[kind, default: Breaker()].sent(id)
  }

  mutating func take(
    _ answer: ExchangeAnswer, to id: RequestID, _ request: Outstanding, isBackingOff: Bool,
    _ reaction: inout Reaction
  ) {
    guard let kind = Kind(request.purpose) else { return }
    var breaker = self[kind]
    let change: Breaker.Change?
    switch Verdict(answer, request, isBackingOff, at: reaction.now.monotonic) {
    case .failed(let reason):
      change = breaker.failed(id, reason, at: reaction.now.monotonic)
    case .answered: change = breaker.answered()
    case .saidNothing:
      breaker.saidNothing(id)
      change = nil
    }
    breakers[kind] = breaker
    if let change { kind.tell(change, breaker, &reaction) }
  }

  /// What an answer says of its kind of requests.
  private enum Verdict {
    case answered
    case failed(String)
    /// It is about all requests, as a demanded back-off is, or about this one alone.
    case saidNothing

    init(
      _ answer: ExchangeAnswer, _ request: Outstanding, _ isBackingOff: Bool, at now: MonotonicTime
    ) {
      guard case .failed(let failure) = answer else {
        self = .answered
        return
      }
      switch failure {
      case .throttled, .blocked: self = .saidNothing
      // It was held back here.
      case .notSent
      where isBackingOff || request.isWithdrawn || request.passed(at: now) != nil:
        self = .saidNothing
      case .notSent, .noAnswer, .unreadable: self = .failed(failure.text)
      case .refused: self = .answered
      }
    }
  }
}

extension Breakers.Kind {
  fileprivate init?(_ purpose: Purpose) {
    switch purpose {
    case .place: self = .placements
    case .cancel: self = .cancels
    case .clock, .keepAlive, .instruments, .tradableSymbols, .keyInformation, .prices, .poll,
      .pollMany, .pollOpen, .pollFills, .search, .verify, .accountStream:
      return nil
    }
  }

  var words: String {
    switch self {
    case .placements: "orders"
    case .cancels: "cancels"
    }
  }

  static let advice =
    "check the way to the exchange, and whether it reports trouble of its own; nothing has to be "
    + "done here"

  fileprivate func tell(
    _ change: Breaker.Change, _ breaker: Breaker, _ reaction: inout Reaction
  ) {
    switch change {
    case .opened:
      reaction.log(
        .warning,
        "\(breaker.failures) \(words) in a row failed; the others wait, and one tries from time to "
          + "time", [("reason", breaker.reason), ("advice", Self.advice)])
    case .closed:
      reaction.log(.notice, "the exchange answers \(words) again; those that wait go on")
    }
  }
}
