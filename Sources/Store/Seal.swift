package import Domain

/// Up to where the retention rule has removed the history. What is left follows from its hash.
package struct Seal: Hashable, Sendable {
  /// The last row that was removed; `ChainHead.beginning` while none was.
  package let head: ChainHead
  /// How many of the removed rows said that an order was armed.
  package let armed: Int64
  package let at: WallTime

  /// What holds of a database in which nothing was removed.
  static let none = Seal(head: .beginning, armed: 0, at: WallTime(milliseconds: 0))
}

/// What one step of compaction removed.
package struct CompactionStep: Hashable, Sendable {
  /// Signals, each with its order.
  package let signals: Int
  /// Rows of the history.
  package let events: Int

  package var isEmpty: Bool { signals == 0 && events == 0 }
}
