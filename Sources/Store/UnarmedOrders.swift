import Domain

/// Which orders that are not on record as armed provably have not left. An arming is not synced before
/// the order leaves, so that a power cut can lose it; a kill can lose the one that was noted, and a
/// restart of the machine after everything was synced none.
struct UnarmedOrders {
  /// The present boot of the machine; `nil` where it is not known, and every commit synced.
  let boot: String?
  /// The boot of the run before, when that ended in good order; else the present one.
  let former: String?
  /// A database that has forgotten something is no witness of what waited in it.
  let hasForgotten: Bool

  /// The signal whose order was about to leave when the run before ended.
  let noted: SignalID?

  func mayHaveLeft(_ signal: SignalID, takenUnder taken: String?) -> Bool {
    hasForgotten || signal == noted || taken != boot && taken != former
  }

  /// The name of no boot.
  static let noBoot = ""

  /// From here on those that cannot have left are of the present boot, and the others of none. Of one that
  /// is on record as sent it does not matter what was before: only where the exchange has no such order may
  /// it go once more.
  static let takeOver = """
    UPDATE signal SET boot = CASE
      WHEN ?3 OR id IS ?4 THEN '\(noBoot)'
      WHEN boot IS ?1 OR boot IS ?2 OR id NOT IN (SELECT signal_id FROM orders WHERE status = 'new')
        THEN ?1
      ELSE '\(noBoot)' END
    WHERE id IN (SELECT signal_id FROM orders WHERE status IN ('new', 'submitted', 'unknown'))
    """

  var values: [SQLiteValue] {
    [
      Self.value(boot), Self.value(former), .integer(hasForgotten ? 1 : 0),
      Self.value(noted?.text),
    ]
  }

  private static func value(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }
}
