import Domain
import Store

/// Turns that are not synced yet, each with what was held before it: a power cut may take them back,
/// the last ones first, and a kill those that the database does not have yet.
struct UnsyncedTurns {
  private typealias Turn = (before: Shadow, writes: [StoreWrite])

  private var turns: [Turn] = []
  /// What the ends before this start may have taken back, in the order of the turns: what is lost later
  /// was committed earlier.
  private var mayBeLost: [Turn] = []

  mutating func committed(_ writes: [StoreWrite], before: Shadow, isSynced: Bool) {
    if isSynced { turns = [] } else { turns.append((before, writes)) }
  }

  /// The orders whose arming may be gone.
  mutating func powerWasLost() -> [String] {
    let lost = turns
    turns = []
    mayBeLost = lost + mayBeLost
    return lost.flatMap { Self.armed(in: $0.writes) }
  }

  /// The same without a power cut, of the last turns.
  mutating func wereLost(last count: Int) {
    mayBeLost = turns.suffix(count) + mayBeLost
    turns.removeLast(min(count, turns.count))
  }

  /// Whether the power cut has taken nothing, with a later turn that came back too. From then on there
  /// is nothing to take back.
  mutating func areKept(_ store: WatchedStore, _ shadow: Shadow) -> Bool {
    let areKept = mayBeLost.allSatisfy { Self.isKept($0.writes, store, shadow) }
    if areKept { mayBeLost = [] }
    return areKept
  }

  /// Takes back what the power cut has taken; whatever is left is a beginning of it. Returns the
  /// orders whose arming is gone.
  mutating func settle(_ shadow: inout Shadow, with store: WatchedStore) -> [String] {
    var lost: [String] = []
    for turn in mayBeLost.reversed() where !Self.isKept(turn.writes, store, shadow) {
      lost += Self.armed(in: turn.writes)
      shadow = turn.before
    }
    mayBeLost = []
    return lost
  }

  private static func armed(in writes: [StoreWrite]) -> [String] {
    writes.compactMap { write in
      guard case .putOrder(let order) = write, order.status == .submitted else { return nil }
      return order.request.clientOrderID.text
    }
  }

  private static func isKept(
    _ writes: [StoreWrite], _ store: WatchedStore, _ shadow: Shadow
  ) -> Bool {
    writes.allSatisfy { write in
      guard case .putOrder(let order) = write else { return true }
      return (try? store.storedOrder(order.key)) == shadow.orders[order.key]
    }
  }
}
