import Domain

/// Why a look at an order did not tell where it stands.
struct LookFailure: Hashable, Sendable {
  /// With the exchange's code where it gave one.
  var reason: String
  var advice: String
  /// Tells one kind of failure from another, whose words may differ from look to look.
  var kind: String
  /// The exchange does not accept the key, or not for this.
  var isOfKey = false
  /// It is not expected to pass by itself, so that one look is enough to say so.
  var isLasting = false
  /// The exchange answered: what keeps it from being asked is not the way to it.
  var isAnswer = true

  private static let waitAndLook =
    "nothing at first: it is looked up again; if it stays, look at the order on the exchange's "
    + "website"
}

extension LookFailure {
  /// `nil` when the failure is none of the order's business: a back-off concerns every request.
  init?(_ failure: ExchangeFailure) {
    switch failure {
    case .throttled, .blocked: return nil
    case .refused(let error): self.init(error)
    case .unreadable(let reason):
      self.init(reason: failure.text, advice: Self.waitAndLook, kind: reason)
    case .noAnswer:
      self.init(reason: failure.text, advice: Self.waitAndLook, kind: "no answer", isAnswer: false)
    case .notSent:
      self.init(reason: failure.text, advice: Self.waitAndLook, kind: "not sent", isAnswer: false)
    }
  }

  private init(_ error: ExchangeError) {
    reason = error.words
    advice = error.advice
    kind = "code \(error.code)"
    isOfKey = error.action == .halt
    isLasting = error.action.isLasting
  }

  /// While the exchange answers other requests.
  static func blocked(_ failure: ExchangeFailure) -> LookFailure {
    LookFailure(
      reason: failure.text,
      advice:
        "Other requests are answered: look at the order on the exchange's website; it is looked "
        + "up again every ten minutes.", kind: "blocked", isLasting: true)
  }

  /// A list that the firewall refuses, which may let a look at each order pass.
  static func blockedList(_ failure: ExchangeFailure) -> LookFailure {
    LookFailure(
      reason: failure.text,
      advice: "nothing: the list is asked for again, ten minutes later at the earliest",
      kind: "blocked")
  }

  /// The order's own row in a list.
  static func row(_ row: UnreadableRow) -> LookFailure {
    LookFailure(
      reason: "its row cannot be read: \(row.reason)", advice: waitAndLook, kind: row.reason)
  }

  static func cutList(_ view: Search.View) -> LookFailure {
    LookFailure(
      reason: "its symbol has more \(view.rawValue) of that time than the exchange shows, so that "
        + "the order may be missing among them", advice: waitAndLook, kind: "cut \(view.rawValue)",
      isLasting: true)
  }

  static func undocumented(_ word: String) -> LookFailure {
    LookFailure(
      reason: "the exchange gives the status '\(word)', which it does not document",
      advice: "look at the order on the exchange's website; it is looked up until its status is a "
        + "documented one", kind: "status \(word)", isLasting: true)
  }

  static let vanished = LookFailure(
    reason: "the exchange does not find an order that it had",
    advice: "look at the order on the exchange's website; if it is gone for good, "
      + "'mexc-signalctl resolve' closes it", kind: "vanished", isLasting: true)

  /// Of an order that is older than those that the exchange shows by their order id.
  static func vanished(afterReach reach: Duration) -> LookFailure {
    LookFailure(
      reason: "the exchange does not find an order that it had, and it is not among the open ones; "
        + "the order is more than \(reach.inDays) old, and the fills that the exchange still shows "
        + "of it do not make up its quantity", advice: vanished.advice, kind: vanished.kind,
      isLasting: true)
  }

  /// Of an order that only its fills would show.
  static let cutFills = LookFailure(
    reason: "it was filled in more pieces than the exchange shows at once", advice: vanished.advice,
    kind: "cut fills", isLasting: true)

  /// A message about it came by itself, and every view says that it is not there.
  static let hidden = LookFailure(
    reason: "the exchange's stream told of it, and no view shows it",
    advice: "look at the order on the exchange's website; it is looked up until a view shows it, "
      + "and is not sent again", kind: "hidden", isLasting: true)

  /// Views of the exchange lag behind each other: the fill is still to come.
  static func endedOfNothing(_ word: String) -> LookFailure {
    LookFailure(
      reason: "the exchange says that it is \(word), with nothing executed; that is not believed",
      advice: waitAndLook, kind: "\(word) of nothing")
  }

  static func filledForNothing(_ executed: FixedDecimal) -> LookFailure {
    LookFailure(
      reason: "the exchange says that \(executed) of it are executed at no price; that is not "
        + "believed", advice: waitAndLook, kind: "executed at no price")
  }

  static func filledPast(_ price: FixedDecimal, _ report: OrderReport) -> LookFailure {
    LookFailure(
      reason: "the exchange says that \(report.executedQuantity) of it are executed for "
        + "\(report.executedQuote), which its price of \(price) does not admit; that is not "
        + "believed", advice: waitAndLook, kind: "filled past its price")
  }

  static func filledBeyond(_ ordered: FixedDecimal, _ executed: FixedDecimal) -> LookFailure {
    LookFailure(
      reason: "the exchange says that \(executed) of an order of \(ordered) are executed; that is "
        + "not believed",
      advice: "look at the order on the exchange's website; it is looked up until its fill is one "
        + "that it can have", kind: "filled beyond its quantity", isLasting: true)
  }
}

extension LookFailure {
  /// What the exchange shows under the order's id or name is not the order that was sent.
  static func contradicted(
    _ order: Order, _ report: OrderReport, _ conflict: String
  ) -> LookFailure {
    let mark =
      report.bears(order.request.clientOrderID) ? "carries the client order id" : "has the order id"
    return disputed(
      "order \(report.orderID) at the exchange \(mark) of signal \(order.key.signal) but "
        + "\(conflict); it was not made by this daemon")
  }

  static func several(_ key: OrderKey, _ orderIDs: [String]) -> LookFailure {
    disputed(
      "the exchange has \(orderIDs.count) orders for signal \(key.signal): "
        + orderIDs.sorted().joined(separator: ", ") + "; look at them there")
  }

  private static func disputed(_ reason: String) -> LookFailure {
    LookFailure(
      reason: reason, advice: "What it says of the order is not believed until it fits.",
      kind: reason, isLasting: true)
  }
}

extension Duration {
  /// In words.
  var inDays: String { "\(wholeMilliseconds / (24 * 60 * 60 * 1_000)) days" }
}

extension OrderReport {
  func bears(_ name: ClientOrderID) -> Bool { clientOrderID == name.text }
}

/// Looks at one order that did not tell where it stands, and what was said of them.
struct FailedLooks: Sendable {
  /// Since the last look that told it.
  private(set) var inARow = 0
  private(set) var last: LookFailure?
  /// When the last one failed, if it got no answer itself.
  private(set) var unansweredAt: MonotonicTime?
  /// When the first of them failed, or was sent where it got no answer.
  private var since: MonotonicTime?
  /// One of them ran into its time limit.
  private var hasHung = false
  private var recordedKinds: Set<String> = []
  private var haltedFor: Set<String> = []
  /// Between two lines in the journal about one order.
  private var telling = BackOff(first: .seconds(60), longest: .seconds(64 * 60))
  private var untoldUntil: MonotonicTime?
  private var blocks = FirewallBlocks(enough: 3)

  /// What passes by itself is worth a line when it has not after so many looks, or one that hung.
  private static let worthALine = 3
  /// An order whose looks fail for so long need not be waited for: the exchange answers, or the way to
  /// it may be down.
  private static let patience: (answered: Duration, unanswered: Duration) = (
    .seconds(3), .seconds(20)
  )
  /// Different kinds that the history of one order takes in one run.
  private static let recordedMaximum = 16

  /// What deserves to be said of one more failure.
  struct News {
    var isForTheHistory: Bool
    var isForTheJournal: Bool
  }

  /// The firewall refuses looks at this order, and no others.
  var isBlocked: Bool { blocks.areOfKind }

  var wasBlocked: Bool { !blocks.isEmpty }

  /// Nothing that asks for a look at the order gets one before.
  var blockedUntil: MonotonicTime? { blocks.until }

  /// What a failure says of the order; `nil` where it is none of its business.
  mutating func judge(
    _ failure: ExchangeFailure, clockReadAt: MonotonicTime?, at now: MonotonicTime
  ) -> LookFailure? {
    guard case .blocked = failure else { return LookFailure(failure) }
    blocks.add(clockReadAt: clockReadAt, at: now)
    return isBlocked ? .blocked(failure) : nil
  }

  /// Where the exchange answers something else, that it does not answer these looks is its answer.
  mutating func add(
    _ failure: LookFailure, _ answers: AnswerTimes, at now: MonotonicTime
  ) -> News {
    inARow += 1
    var failure = failure
    unansweredAt = failure.isAnswer ? nil : now
    let began = since ?? (failure.isAnswer ? now : answers.sentAt ?? now)
    if !failure.isAnswer && answers.isUnanswered {
      hasHung = hasHung || answers.isHang(at: now)
      failure.isAnswer = answers.isReached(since: began, at: now)
    }
    since = began
    last = failure
    guard areWorthALine else {
      return News(isForTheHistory: false, isForTheJournal: false)
    }
    let isNew =
      recordedKinds.count < Self.recordedMaximum && recordedKinds.insert(failure.kind).inserted
    return News(isForTheHistory: isNew, isForTheJournal: mayTell(at: now))
  }

  private mutating func mayTell(at now: MonotonicTime) -> Bool {
    if let untoldUntil, now < untoldUntil { return false }
    untoldUntil = now.advanced(by: telling.next())
    return true
  }

  /// Whether trading was not halted for this yet. It is once in a run: whoever resumes trading has seen
  /// it, and the next look must not undo that.
  mutating func isNewToHalt(_ reason: String) -> Bool {
    if haltedFor.contains(reason) { return false }
    if haltedFor.count < Self.recordedMaximum { haltedFor.insert(reason) }
    return true
  }

  /// The order was read. What was said is not said again at once when the next look fails.
  mutating func end() {
    inARow = 0
    last = nil
    since = nil
    hasHung = false
  }

  /// The firewall let a look pass. A report that came by itself does not show that.
  mutating func endBlocks() { blocks.end() }

  /// Whether a person is to hear of them.
  var areWorthALine: Bool {
    inARow >= Self.worthALine || hasHung || last?.isLasting == true
  }

  /// Whether waiting for the order would keep others from trading for nothing.
  func isHopeless(at now: MonotonicTime) -> Bool {
    hopelessFrom.map { $0 <= now } ?? false
  }

  /// From when on it is, if nothing is read before.
  var hopelessFrom: MonotonicTime? {
    guard let last, let since else { return nil }
    if last.isLasting { return since }
    guard areWorthALine else { return nil }
    return since.advanced(by: last.isAnswer ? Self.patience.answered : Self.patience.unanswered)
  }
}
