import Domain

/// Something that is asked for until it is answered, then again when it has grown old.
struct Need: Sendable {
  struct Failure: Hashable, Sendable {
    var reason: String
    var advice: String
    /// The exchange said something.
    var isAnswer = true
    /// The exchange takes no request of this API key: a person must act.
    var isOfKey = false
    var isBlock = false
  }

  var isMet = false
  private(set) var isUnderWay = false
  /// The answer that is out is about what no longer counts.
  private var isOutdated = false
  private(set) var due: MonotonicTime
  private(set) var lastFailure: Failure?
  /// When it failed first since it was met.
  private var failingSince: MonotonicTime?
  /// Failures in a row of which none is of the key, and when the first was.
  private var tries: (count: Int, since: MonotonicTime)?
  private var backOff: BackOff
  /// Nothing is lost where it is asked for rarely, so that two say enough.
  private var blocks = FirewallBlocks(enough: 2)
  private var told: (reason: String, at: MonotonicTime)?

  private static let tellingInterval: Duration = .seconds(60)
  private static let triesToGiveUp = 3

  init(due: MonotonicTime, longestPause: Duration = .seconds(8)) {
    self.due = due
    backOff = BackOff(first: .milliseconds(250), longest: longestPause)
  }

  var failures: Int { backOff.failures }

  /// Whether the firewall refuses it, so that whatever else wants it waits as well.
  func isBlocked(at now: MonotonicTime) -> Bool { blocks.until.map { now < $0 } ?? false }

  /// Whether the firewall is known to refuse it, and not the machine.
  var isBlockedAlone: Bool { blocks.areOfKind }

  /// Whether it is to be asked for; asks to be called again when that comes later.
  func isDue(_ reaction: inout Reaction) -> Bool {
    if isUnderWay { return false }
    if due > reaction.now.monotonic {
      reaction.wake(at: due)
      return false
    }
    return true
  }

  mutating func asked() { isUnderWay = true }

  mutating func makeDue(at now: MonotonicTime) {
    if !isUnderWay { due = max(now, blocks.until ?? now) }
  }

  mutating func askAgain(at now: MonotonicTime) {
    isUnderWay = false
    due = now
  }

  /// What is known, and what is being told, no longer counts: it is asked for anew.
  mutating func outdate(at now: MonotonicTime) {
    if isUnderWay { isOutdated = true } else { askAgain(at: now) }
  }

  /// Whether the answer that has come no longer counts. Then it is asked for again.
  mutating func isAnswerOutdated(at now: MonotonicTime) -> Bool {
    guard isOutdated else { return false }
    isOutdated = false
    askAgain(at: now)
    return true
  }

  /// What is still missing is asked for, after the pause of a failure.
  mutating func metInPart(at now: MonotonicTime) {
    isUnderWay = false
    if lastFailure == nil { due = now }
  }

  /// Whether a failure was told since it was met last.
  @discardableResult
  mutating func met(refreshAt time: MonotonicTime) -> Bool {
    let wasTold = told != nil
    isMet = true
    isUnderWay = false
    backOff.reset()
    lastFailure = nil
    failingSince = nil
    tries = nil
    blocks.end()
    told = nil
    due = time
    return wasTold
  }

  /// Met for `time` by `what`, and says so where a failure was told.
  mutating func met(for time: Duration, _ what: String, _ reaction: inout Reaction) {
    let now = reaction.now.monotonic
    // What was read for itself alone does not put off the reading of all.
    let isOfAll = due <= now && isUnderWay
    let refresh = now.advanced(by: time)
    guard met(refreshAt: isOfAll ? refresh : min(due, refresh)) else { return }
    reaction.log(.info, "\(what) can be read again")
  }

  /// Keeps what was met before: an old answer is better than none. Where it is done without while the
  /// firewall refuses it, `clockReadAt` tells when the exchange's clock was read.
  mutating func failed(
    _ failure: Failure, clockReadAt: MonotonicTime? = nil, at now: MonotonicTime
  ) {
    isUnderWay = false
    lastFailure = failure
    failingSince = failingSince ?? now
    let count = (tries?.count ?? 0) + 1
    tries = failure.isOfKey ? nil : (count: count, since: tries?.since ?? now)
    due = now.advanced(by: backOff.next())
    if failure.isBlock {
      blocks.add(clockReadAt: clockReadAt, at: now)
      due = max(due, blocks.until ?? due)
    } else if failure.isAnswer {
      blocks.end()
    }
  }

  /// Whether the exchange, which can be reached, most probably does not tell it, as the last failure shows.
  func isRefused(_ failure: ExchangeFailure, clockReadAt: MonotonicTime?) -> Bool {
    let isTried = (tries?.count ?? 0) >= Self.triesToGiveUp
    switch failure {
    case .refused(let error): return isTried && error.action != .halt && error.action != .clock
    case .unreadable: return isTried
    case .noAnswer:
      guard let tries, let clockReadAt else { return false }
      return isTried && clockReadAt > tries.since
    case .blocked: return isBlockedAlone
    case .notSent, .throttled: return false
    }
  }

  /// It is done without: asked for again at `time`, and rarely where the firewall refuses it.
  mutating func doWithout(until time: MonotonicTime) {
    let known = blocks
    met(refreshAt: time)
    blocks = known
  }

  /// Whether it has failed for so long since it was met.
  func hasFailed(for duration: Duration, at now: MonotonicTime) -> Bool {
    failingSince.map { now.since($0) >= duration } ?? false
  }

  /// Whether a failure is news: an outage is told once a minute, not with every attempt.
  mutating func isNews(_ reason: String, at now: MonotonicTime) -> Bool {
    if let told, told.reason == reason, now.since(told.at) < Self.tellingInterval { return false }
    told = (reason, now)
    return true
  }

  /// Says that `what` could not be read. `basis` is what orders go on with; `nil` where none leaves.
  mutating func tell(
    _ failure: Failure, of what: String, goingOn basis: String?, _ reaction: inout Reaction
  ) {
    let isNews = self.isNews(failure.reason, at: reaction.now.monotonic)
    reaction.log(
      isNews ? (failure.isOfKey ? .error : .warning) : .debug,
      "could not read \(what); "
        + (basis.map { "going on \($0)" } ?? "no order leaves before it is read"),
      [("reason", failure.reason), ("advice", failure.advice)])
  }
}

extension Need.Failure {
  init(_ failure: ExchangeFailure) {
    reason = failure.text
    isAnswer = failure.isAnswer
    if case .refused(let error) = failure { isOfKey = error.action == .halt }
    if case .blocked = failure { isBlock = true }
    advice =
      switch failure {
      case .refused(let error): error.advice
      case .notSent, .noAnswer:
        "check the way to the exchange, and the address in exchange.rest_url"
      case .blocked: "check whether the exchange serves this machine's address and country"
      case .throttled: "look for other programs that use the exchange from this address"
      case .unreadable: "check that exchange.rest_url is the exchange's; it is asked again"
      }
  }
}

extension ExchangeFailure {
  /// Whether the exchange said something.
  var isAnswer: Bool {
    switch self {
    case .notSent, .noAnswer: false
    case .throttled, .blocked, .unreadable, .refused: true
    }
  }

  /// What a placement that failed so leaves open.
  var unknownOutcome: UnknownOutcome {
    switch self {
    case .notSent, .noAnswer: .answerLost
    case .unreadable: .unreadable
    case .throttled(let notice): notice.isDefinite ? .throttled : .unreadable
    case .blocked: .blocked
    case .refused(let error): .refused(code: error.code)
    }
  }

  /// In words, for the journal and the history.
  package var text: String {
    switch self {
    case .notSent(let reason): "not sent: \(reason)"
    case .noAnswer(let reason): "no answer: \(reason)"
    case .unreadable(let reason): "unreadable answer: \(reason)"
    case .throttled(let notice): "throttled: \(notice.text)"
    case .blocked(let reason): "blocked by the exchange's firewall: \(reason)"
    case .refused(let error): error.words
    }
  }
}
