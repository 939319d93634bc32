package import Domain

/// Counts weight over a sliding window, so that no window of that length at the exchange can hold
/// more than the limit.
///
/// The exchange counts a request somewhere between our sending it and its answer. So a request
/// weighs from the moment it is sent, and its window begins to run out only when it is answered.
package struct SlidingWindow: Sendable {
  /// What a share is kept for.
  package enum Group: Hashable, Sendable {
    /// Prices, rules, the clock and placements.
    case trading
    case lookup
    case cancel
  }

  private struct Entry: Sendable {
    var weight: Int
    /// `nil` for what an earlier run sent, which takes from no share.
    var group: Group?
    /// Until then it counts, however soon the answer is there.
    var until: MonotonicTime
  }

  package let limit: Int
  /// How long a request counts from its answer on, and at least from when it was sent.
  private let length: (fromAnswer: Duration, fromSending: Duration)
  /// Their answers are out, so they stay for an unknown time.
  private var underWay: [RequestID: Entry] = [:]
  /// Answered ones, the next to leave the window first.
  private var leaving: ArraySlice<(entry: Entry, at: MonotonicTime)> = []
  private var total = 0
  private var totals: (trading: Int, lookup: Int, cancel: Int) = (0, 0, 0)

  /// Whoever wants less than the exchange allows counts a request for longer than the exchange's
  /// `length`: for `period` from when it was sent.
  package init(limit: Int, length: Duration, period: Duration = .zero) {
    self.limit = limit
    self.length = (length, period)
  }

  private var longest: Duration { max(length.fromAnswer, length.fromSending) }

  package mutating func add(
    _ weight: Int, for id: RequestID, in group: Group, at now: MonotonicTime
  ) {
    guard weight > 0 else { return }
    let entry = Entry(
      weight: weight, group: group, until: now.advanced(by: length.fromSending))
    underWay[id] = entry
    count(entry, weight)
  }

  /// What an earlier run, which ended before `now`, may still have in the window.
  package mutating func addPast(_ weight: Int, at now: MonotonicTime) {
    guard weight > 0 else { return }
    let entry = Entry(weight: weight, group: nil, until: now.advanced(by: longest))
    count(entry, weight)
    leave(entry, at: entry.until)
  }

  package mutating func answered(_ id: RequestID, at now: MonotonicTime) {
    guard let entry = underWay.removeValue(forKey: id) else { return }
    leave(entry, at: max(entry.until, now.advanced(by: length.fromAnswer)))
  }

  /// Takes a request back that provably never left.
  package mutating func remove(_ id: RequestID) {
    guard let entry = underWay.removeValue(forKey: id) else { return }
    count(entry, -entry.weight)
  }

  package mutating func expire(at now: MonotonicTime) {
    while let first = leaving.first, first.at <= now {
      leaving.removeFirst()
      count(first.entry, -first.entry.weight)
    }
  }

  private mutating func leave(_ entry: Entry, at time: MonotonicTime) {
    var place = leaving.endIndex
    while place > leaving.startIndex, leaving[place - 1].at > time { place -= 1 }
    leaving.insert((entry, time), at: place)
  }

  private mutating func count(_ entry: Entry, _ weight: Int) {
    total += weight
    switch entry.group {
    case .trading: totals.trading += weight
    case .lookup: totals.lookup += weight
    case .cancel: totals.cancel += weight
    case nil: break
    }
  }

  package func used(in group: Group? = nil) -> Int {
    switch group {
    case .trading: totals.trading
    case .lookup: totals.lookup
    case .cancel: totals.cancel
    case nil: total
    }
  }

  /// Without what earlier runs sent.
  package var usedByThisRun: Int { totals.trading + totals.lookup + totals.cancel }

  /// When `weight` fits under `cap`, counting only what `group` uses if one is given; `now` if it
  /// does already. Requests whose answers are out are taken to stay for another whole window.
  package func fits(
    _ weight: Int, under cap: Int, of group: Group? = nil, at now: MonotonicTime
  ) -> MonotonicTime {
    var excess = used(in: group) + weight - cap
    if excess <= 0 { return now }
    for (entry, at) in leaving where group == nil || entry.group == group {
      excess -= entry.weight
      if excess <= 0 { return max(now, at) }
    }
    return now.advanced(by: longest)
  }

  /// When a request of `weight` that has `count` like it before it could leave at the earliest,
  /// counting only what `trading` uses.
  package func turn(
    of weight: Int, after count: Int, under cap: Int, at now: MonotonicTime
  ) -> MonotonicTime {
    guard weight > 0, cap > 0 else { return now }
    let total = weight * (count + 1)
    let wholeWindows = (total - 1) / cap
    let rest = total - wholeWindows * cap
    return fits(rest, under: cap, of: .trading, at: now).advanced(by: longest * wholeWindows)
  }
}
