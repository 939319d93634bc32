package import Domain

/// Counts weight over a sliding window, so that no window of that length at the exchange can hold
/// more than the limit.
///
/// The exchange counts a request somewhere between our sending it and its answer. So a request
/// weighs from the moment it is sent, and its window begins to run out only when it is answered.
package struct SlidingWindow: Sendable {
  private struct Entry: Sendable {
    var id: RequestID?
    var weight: Int
    /// `nil` for what an earlier run sent, which takes from no share.
    var group: Group?
    /// `nil` while the answer is out.
    var leaves: MonotonicTime?
  }

  /// What a share is kept for.
  package enum Group: Hashable, Sendable {
    /// Prices, rules, the clock and placements.
    case trading
    case lookup
    case cancel
  }

  package let limit: Int
  package let length: Duration
  private var entries: [Entry] = []

  package init(limit: Int, length: Duration) {
    self.limit = limit
    self.length = length
  }

  package mutating func add(_ weight: Int, for id: RequestID?, in group: Group) {
    guard weight > 0 else { return }
    entries.append(Entry(id: id, weight: weight, group: group, leaves: nil))
  }

  /// What an earlier run, which ended before `now`, may still have in the window.
  package mutating func addPast(_ weight: Int, at now: MonotonicTime) {
    guard weight > 0 else { return }
    entries.append(
      Entry(id: nil, weight: weight, group: nil, leaves: now.advanced(by: length)))
  }

  package mutating func answered(_ id: RequestID, at now: MonotonicTime) {
    for index in entries.indices where entries[index].id == id {
      entries[index].leaves = now.advanced(by: length)
    }
  }

  /// Takes a request back that provably never left.
  package mutating func remove(_ id: RequestID) {
    entries.removeAll { $0.id == id }
  }

  package mutating func expire(at now: MonotonicTime) {
    entries.removeAll { entry in entry.leaves.map { $0 <= now } ?? false }
  }

  package func used(in group: Group? = nil) -> Int {
    entries.reduce(0) { $0 + (group == nil || $1.group == group ? $1.weight : 0) }
  }

  /// When `weight` fits under `cap`, counting only what `group` uses if one is given; `now` if it
  /// does already. Requests whose answers are out are taken to stay for another whole window.
  package func fits(
    _ weight: Int, under cap: Int, of group: Group? = nil, at now: MonotonicTime
  ) -> MonotonicTime {
    var excess = used(in: group) + weight - cap
    if excess <= 0 { return now }
    let latest = now.advanced(by: length)
    let leaving = entries.filter { group == nil || $0.group == group }
      .map { (at: $0.leaves ?? latest, weight: $0.weight) }
      .sorted { $0.at < $1.at }
    for entry in leaving {
      excess -= entry.weight
      if excess <= 0 { return max(now, entry.at) }
    }
    return latest
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
    return fits(rest, under: cap, of: .trading, at: now).advanced(by: length * wholeWindows)
  }
}
