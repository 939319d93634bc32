import Domain

/// Looks at the fills of an order that no other view of the exchange shows. Where they are more than the
/// exchange gives at once, they are asked for by parts of their time, and count together.
struct FillLooks: Sendable {
  /// What the look under way has shown.
  private(set) var trades: [TradeReport] = []
  /// Whether the last answer was cut: where no part is left to be asked for, nothing tells the rest.
  private(set) var isCut = false
  private var list = CutList()
  private var isUnderWay = false
  /// Whether the last look took more than one request.
  private var isLong = false
  private var lastAt: MonotonicTime?

  /// The fills may be the last view to show it: so many looks take some seconds where cancels hasten
  /// them, and one or two minutes otherwise. From then on, and where each look takes many requests, they
  /// are rare.
  private static let closeLooks = 12
  private static let pause: Duration = .seconds(60)

  /// Whether they are to be asked for, after so many looks that did not find the order.
  func areDue(after misses: Int, at now: MonotonicTime) -> Bool {
    if isUnderWay { return false }
    guard isLong || misses >= Self.closeLooks, let lastAt else { return true }
    return now.since(lastAt) >= Self.pause
  }

  mutating func begin(at now: MonotonicTime) {
    isUnderWay = true
    isLong = false
    lastAt = now
  }

  /// Takes one answer. The part to ask for next of all their `time`; `nil` after the last one.
  mutating func take(
    _ answer: ReportList<TradeReport>, of time: ClosedRange<WallTime>
  ) -> ClosedRange<WallTime>? {
    trades += answer.reports
    isCut = answer.isCut
    if isCut { isLong = true }
    return list.goesOn(after: isCut ? .cut(.cutFills) : .no, within: time) ? list.underWay : nil
  }

  /// The next look begins anew.
  mutating func end(at now: MonotonicTime) {
    isUnderWay = false
    if isLong { lastAt = now }
    list = CutList()
    trades = []
  }
}
