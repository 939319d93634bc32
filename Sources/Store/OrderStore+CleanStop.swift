import Domain

/// What a start knows of orders that are not on record as armed. An arming is not synced before the
/// order leaves, so that a power cut can lose it; a kill cannot, nor can a restart of the machine after
/// everything was synced.
extension OrderStore {
  /// Syncs everything and writes down that it is: until the next turn no power cut can take an arming of
  /// this boot back. Only between turns. Throws when the disk does not take it.
  package func noteCleanStop() throws(StoreError) {
    try wholeTurn { () throws(StoreError) in
      try put(.cleanStop, CleanStop(row: try head().row, boot: boot).json)
    }
    isFirstTurn = true
  }

  /// What waits and cannot have left is of this run's boot from now on, and what may have left is of no
  /// boot. From here on armings can be lost again.
  func takeOverWaitingOrders() throws(StoreError) {
    let former = try cleanStop().map(\.boot) ?? boot
    try run(
      statements.takeOverWaitingOrders,
      [boot.value, former.value, .integer(hasForgotten ? 0 : 1)])
    try put(.cleanStop, nil)
  }

  /// Whether the order of a signal may have left although it is not on record as armed. Throws when the
  /// database cannot be read.
  func mayHaveLeft(_ id: SignalID) throws(StoreError) -> Bool {
    if hasForgotten { return true }
    let taken = try statements.bootOfSignal.rows([.text(id.text)]) { row throws(StoreError) in
      row.optionalText(0)
    }.first.flatMap(\.self)
    if taken == boot { return false }
    guard let stop = try cleanStop() else { return true }
    return taken != stop.boot
  }

  /// A database that has forgotten something is no witness of what waited in it.
  private var hasForgotten: Bool { isFirstTurn && continuity != .unbroken }

  /// `nil` unless nothing was written since.
  private func cleanStop() throws(StoreError) -> CleanStop? {
    guard let stop = try setting(.cleanStop, CleanStop.init), stop.row == (try head().row) else {
      return nil
    }
    return stop
  }
}

extension String? {
  fileprivate var value: SQLiteValue { map { .text($0) } ?? .null }
}
