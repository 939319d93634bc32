import Domain

/// Whether the database is as young as what was noted when an order last left.
package enum Continuity: Hashable, Sendable {
  case unbroken
  /// Nothing was noted, and the database has a history: it was made elsewhere, and what was sent since
  /// is not known.
  case noMark
  /// The intake log of an earlier run is gone: it may have had signals that the database has not.
  case intakeLost
  /// The database is older than what was sent from here, or another one. In words for a person.
  case broken(String)
}

/// Holds a database against its high-water file.
struct ContinuityCheck {
  private let reader: StoreReader
  /// The present one; `nil` where it is not known.
  private let boot: String?

  init(_ reader: StoreReader, boot: String?) {
    self.reader = reader
    self.boot = boot
  }

  /// Throws when the database cannot be read.
  func continuity(by reading: HighWaterMark.Reading) throws(StoreError) -> Continuity {
    switch reading {
    case .mark(let mark): try difference(from: mark).map { .broken($0) } ?? .unbroken
    // The mark is made before the first row of a history.
    case .missing: try reader.head().row == 0 ? .unbroken : .noMark
    case .unreadable: .broken("the high-water file cannot be read")
    }
  }

  private func difference(from mark: HighWaterMark) throws(StoreError) -> String? {
    let marked = mark.head
    if marked.row == 0 { return nil }
    if try reader.holds(marked) { return nil }
    // What a power cut takes is looked for by each signal's boot.
    if try rowBeforePowerCut(mark) != nil { return nil }
    let head = try reader.head()
    return head.row < marked.row
      ? "the history ends with row \(head.row), and row \(marked.row) was there when an order left"
      : "row \(marked.row) is not the one that stood there when an order left"
  }

  /// The row behind which a power cut may have taken what the mark is of; `nil` where it cannot have.
  /// Throws when the database cannot be read.
  func rowBeforePowerCut(_ mark: HighWaterMark) throws(StoreError) -> Int64? {
    guard let synced = mark.synced, let boot, synced.boot != boot, try reader.holds(synced.head)
    else { return nil }
    return synced.head.row
  }
}
