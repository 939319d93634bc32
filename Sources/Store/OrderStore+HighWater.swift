import Domain

/// Whether the database is as young as what was noted when an order last left.
package enum Continuity: Hashable, Sendable {
  case unbroken
  /// Nothing was noted, and the database has a history: it was made elsewhere, and what was sent since
  /// is not known.
  case noMark
  /// The database is older than what was sent from here, or another one. In words for a person.
  case broken(String)
}

extension OrderStore {
  /// What is noted beside the database at `path`. Throws when the file is there and cannot be read.
  package static func highWaterMark(
    beside path: String
  ) throws(StoreError) -> HighWaterMark.Reading {
    try HighWaterFile.read(HighWaterFile.path(beside: StoreLocation(path).path))
  }

  /// Notes where the history stands now, so that a break is not found a second time. Only after
  /// what it means is on record. Throws when it cannot be written.
  package func renewMark() throws(StoreError) {
    if isFirstTurn { try wholeTurn { () throws(StoreError) in } }
    try writeMark()
    highWater.clearDoubt()
  }

  private func writeMark() throws(StoreError) {
    try highWater.write(
      HighWaterMark(number: highWater.mark.number + 1, armed: try armedCount(), head: try head()))
  }

  /// Returns when the last mark is on the disk, or has failed.
  package func finishMarks() { highWater.flush() }

  func compare(with reading: HighWaterMark.Reading) throws(StoreError) {
    if case .mark(let mark) = reading { highWater.begin(with: mark) }
    if let doubt = highWater.doubt { return continuity = .broken(doubt) }
    switch reading {
    case .mark(let mark):
      if let difference = try difference(from: mark) { continuity = .broken(difference) }
    case .missing:
      // The mark is made before the first row of a history.
      guard try head().row == 0 else { return continuity = .noMark }
      try writeMark()
    case .unreadable:
      continuity = .broken("the high-water file cannot be read")
    }
  }

  private func difference(from mark: HighWaterMark) throws(StoreError) -> String? {
    let marked = mark.head
    if marked.row == 0 { return nil }
    let head = try head()
    let counts = "orders were armed \(mark.armed) times by then, and the database knows of "
    if head.row < marked.row {
      return "the history ends with row \(head.row), and row \(marked.row) was there when an order "
        + "left; \(counts)\(try armedCount())"
    }
    if try holds(marked) { return nil }
    return "row \(marked.row) is not the one that stood there when an order left; "
      + "\(counts)\(try armedCount())"
  }

  private func armedCount() throws(StoreError) -> Int64 {
    let counts = try statements.eventCount.rows([.text(OrderEvent.armedKind)]) {
      row throws(StoreError) in row.integer(0)
    }
    return try seal().armed + (counts.first ?? 0)
  }
}
