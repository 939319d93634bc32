import Domain

extension OrderStore {
  /// Syncs everything and writes down that it is: until the next turn no power cut can take an arming of
  /// this boot back. Only between turns. Throws when the disk does not take it.
  package func noteCleanStop() throws(StoreError) {
    try wholeTurn { () throws(StoreError) in
      try put(.cleanStop, CleanStop(row: try head().row, boot: boot).json)
    }
    isFirstTurn = true
  }

  /// In the first turn of a run: armings can be lost again from here on.
  func takeOverWaitingOrders() throws(StoreError) {
    try run(statements.takeOverWaitingOrders, try unarmedOrders().values)
    try put(.cleanStop, nil)
  }

  func unarmedOrders() throws(StoreError) -> UnarmedOrders {
    let stop = try setting(.cleanStop, CleanStop.init)
    // A stop says nothing of what was written since.
    let isLast = try stop?.row == head().row
    return UnarmedOrders(
      boot: boot, former: isLast ? stop?.boot : boot,
      hasForgotten: isFirstTurn && continuity != .unbroken)
  }
}
