package import Domain

/// What the operator is to be told and has not been told yet, in the order in which it happened. It
/// outlives the process: each is delivered at least once.
package struct Outbox {
  /// A notification that waits, and the row that says so.
  package struct Item: Hashable, Sendable {
    package let id: Int64
    package let notification: Notification
  }

  /// So many wait at the most. When the command fails for days, the newest say the most.
  package static let capacity = 1_000
  /// How long what was delivered is remembered.
  static let memory: Duration = .seconds(30 * 86_400)

  private let store: OrderStore
  private let next: Statement
  private let deliver: Statement
  private let forget: Statement
  private let trim: Statement
  private let dropOld: Statement
  private let count: Statement

  /// Throws when the database cannot be read.
  package init(_ store: OrderStore) throws(StoreError) {
    self.store = store
    next = try store.reader.prepare(
      "read the next notification",
      """
      SELECT id, event, subject, at_ms, signal_id, message FROM notification
      WHERE delivered_at_ms IS NULL ORDER BY id LIMIT 1
      """)
    deliver = try store.reader.prepare(
      "deliver a notification", "UPDATE notification SET delivered_at_ms = ?2 WHERE id = ?1")
    forget = try store.reader.prepare(
      "forget old notifications",
      "DELETE FROM notification WHERE delivered_at_ms < ?1 OR delivered_at_ms > ?2")
    trim = try store.reader.prepare(
      "drop notifications",
      """
      DELETE FROM notification WHERE id IN (
        SELECT id FROM notification WHERE delivered_at_ms IS NULL ORDER BY id DESC
        LIMIT -1 OFFSET ?1)
      """)
    dropOld = try store.reader.prepare(
      "give up old notifications",
      "DELETE FROM notification WHERE delivered_at_ms IS NULL AND at_ms < ?1")
    count = try store.reader.prepare(
      "count notifications", "SELECT count(*) FROM notification WHERE delivered_at_ms IS NULL")
  }

  /// How many wait. Throws when the database cannot be read.
  package func waiting() throws(StoreError) -> Int {
    try count.rows { row throws(StoreError) in Int(row.integer(0)) }.first ?? 0
  }

  /// The first that waits. Throws when the database cannot be read.
  package func first() throws(StoreError) -> Item? {
    try next.rows { row throws(StoreError) in
      let place = "notification \(row.integer(0))"
      return Item(
        id: row.integer(0),
        notification: Notification(
          try row.value(1, in: place, NotificationEvent.init), at: row.time(3),
          subject: row.text(2), signal: row.optionalText(4).flatMap { SignalID($0) },
          message: row.text(5)))
    }.first
  }

  /// Adds one in a turn of its own, unless it was told before. Only between turns. Throws when the
  /// database does not take it.
  package func add(_ notification: Notification) throws(StoreError) {
    try store.upkeep { () throws(StoreError) in
      try forgetOld(at: notification.at)
      try store.writer.put(notification)
    }
  }

  /// Takes one out that was delivered, in a turn of its own that is not waited for: a power cut may
  /// have it delivered again. Only between turns. Throws when the database does not take it.
  package func delivered(_ id: Int64, at now: WallTime) throws(StoreError) {
    try store.upkeep { () throws(StoreError) in
      try store.writer.run(deliver, [.integer(id), .integer(now.milliseconds)])
      try forgetOld(at: now)
    }
  }

  /// What was delivered while the clock was ahead has no age that could end.
  private func forgetOld(at now: WallTime) throws(StoreError) {
    let moment = now.advanced(by: .zero - Self.memory)
    try store.writer.run(forget, [.integer(moment.milliseconds), .integer(now.milliseconds)])
  }

  /// Gives up those that wait and happened before then; how many. Only between turns. Throws when the
  /// database does not take it.
  package func drop(before moment: WallTime) throws(StoreError) -> Int {
    try store.upkeep { () throws(StoreError) in
      try store.writer.run(dropOld, [.integer(moment.milliseconds)])
    }
  }

  /// Gives the oldest up when too many wait; how many. Only between turns. Throws when the database
  /// does not take it.
  package func dropExcess() throws(StoreError) -> Int {
    guard try waiting() > Self.capacity else { return 0 }
    return try store.upkeep { () throws(StoreError) in
      try store.writer.run(trim, [.integer(Int64(Self.capacity))])
    }
  }
}
