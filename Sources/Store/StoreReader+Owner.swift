package import Domain

/// Orders of one kind, as far as the rows tell in which mode they were made.
package struct ModeTrace: Hashable, Sendable {
  /// `nil` when nothing tells.
  package let mode: TradingMode?
  package let orders: Int
  /// How many of them are not at their end.
  package let underWay: Int
  /// How many of those were sent, or may have been.
  package let sent: Int

  package init(mode: TradingMode?, orders: Int, underWay: Int, sent: Int) {
    self.mode = mode
    self.orders = orders
    self.underWay = underWay
    self.sent = sent
  }
}

extension StoreReader {
  /// `nil` when nobody has used the database, or only a program that did not write it down. Throws
  /// when the database cannot be read.
  package func owner() throws(StoreError) -> DatabaseOwner? {
    try statements.owner.rows { row throws(StoreError) in
      let key = row.isNull(4) ? nil : KeyDigest(salt: row.blob(4), digest: row.blob(5))
      return DatabaseOwner(
        account: TradingAccount(venue: VenueName(row.text(0)), name: row.text(2)),
        mode: try row.value(1, in: "the owner", TradingMode.init), since: row.time(3), key: key)
    }.first
  }

  /// Whose the orders are. Throws when the database cannot be read.
  func account() throws(StoreError) -> TradingAccount { try owner()?.account ?? .unstated }

  /// What the orders that left, or wait to leave, tell of their modes. Without any the database is
  /// not in use, and can still be anybody's. Throws when the database cannot be read.
  package func modeTraces() throws(StoreError) -> [ModeTrace] {
    try statements.modeTraces.rows { row throws(StoreError) in
      ModeTrace(
        mode: try row.optionalValue(0, in: "an order", TradingMode.init),
        orders: Int(row.integer(1)), underWay: Int(row.integer(2)),
        sent: Int(row.integer(3)))
    }
  }

  /// The signal that was taken last, and the name of its order. Throws when the database cannot be
  /// read.
  package func lastSignal() throws(StoreError) -> (id: SignalID, clientOrderID: ClientOrderID)? {
    try statements.lastSignal.rows { row throws(StoreError) in
      (
        id: try row.value(0, in: "a signal", SignalID.init),
        clientOrderID: try row.value(1, in: "a signal", ClientOrderID.init)
      )
    }.first
  }
}

extension TradingAccount {
  /// Of a database without an owner: as an older program made it, when there was no other venue.
  package static let unstated = TradingAccount(venue: "mexc-spot", name: "")
}

extension DatabaseOwner {
  static let columns = "venue, mode, account, since_ms, key_salt, key_digest"

  var values: [SQLiteValue] {
    [
      .text(account.venue.text), .text(mode.rawValue), .text(account.name),
      .integer(since.milliseconds),
      key.map { .blob($0.salt) } ?? .null, key.map { .blob($0.digest) } ?? .null,
    ]
  }
}
