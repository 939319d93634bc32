import Domain

/// Holds the whole of a database against itself.
struct Auditor {
  private let reader: StoreReader
  private let boot: String?

  init(_ reader: StoreReader, boot: String?) {
    self.reader = reader
    self.boot = boot
  }

  func run(
    _ mark: HighWaterMark.Reading, notedHash: [UInt8]?
  ) throws(StoreError) -> Audit {
    try reader.snapshot { () throws(StoreError) in
      try inSnapshot(mark, notedHash: notedHash)
    }
  }

  private func inSnapshot(
    _ mark: HighWaterMark.Reading, notedHash: [UInt8]?
  ) throws(StoreError) -> Audit {
    var audit = Audit()
    audit.seal = try reader.seal()
    audit.compactedSignals = try reader.compactedCount()
    switch mark {
    case .missing: try followChain(nil, notedHash, &audit)
    case .unreadable:
      try followChain(nil, notedHash, &audit)
      audit.find(.history, "the high-water file cannot be read")
    case .mark(let mark):
      if try !reader.holds(mark.head) {
        audit.rowBeforePowerCut = try ContinuityCheck(reader, boot: boot).rowBeforePowerCut(mark)
      }
      try followChain(audit.rowBeforePowerCut == nil ? mark.head : nil, notedHash, &audit)
    }
    try addUpOrders(&audit)
    try findStrayEvents(&audit)
    return audit
  }

  private func followChain(
    _ mark: ChainHead?, _ notedHash: [UInt8]?, _ audit: inout Audit
  ) throws(StoreError) {
    let rows = try reader.prepare(
      "read the chain", "SELECT \(HistoryEvent.columns), hash FROM event ORDER BY id")
    let sealed = audit.seal.head
    var (head, canonicalRow) = (sealed, CanonicalRow())
    var marked: [UInt8]? = mark.flatMap { $0.row == sealed.row ? sealed.hash : nil }
    var isNoted = notedHash == nil || sealed.row > 0 && notedHash == sealed.hash
    try rows.each { row throws(StoreError) in
      let link = ChainHead(row: row.integer(0), hash: row.blob(6))
      if link.hash != canonicalRow.hash(of: row, after: head) {
        audit.find(.row(link.row), Self.brokenLink(link.row, after: head.row))
      }
      if link.row == mark?.row { marked = link.hash }
      if link.hash == notedHash { isNoted = true }
      head = link
      audit.events += 1
    }
    audit.head = head
    if let mark, mark.row > 0, mark.row >= sealed.row { Self.compare(mark, marked, &audit) }
    if !isNoted { audit.find(.history, Self.missingHash(audit.seal)) }
  }

  private static func missingHash(_ seal: Seal) -> String {
    guard seal.head.row > 0 else {
      return "no row has the hash that was noted: the history was cut or written anew since then"
    }
    return "no row that is left has the hash that was noted: unless its row is one of the first "
      + "\(seal.head.row), which the retention rule removed, the history was cut or written anew "
      + "since then"
  }

  private static func brokenLink(_ row: Int64, after last: Int64) -> String {
    let before = last == 0 ? "the beginning" : "row \(last)"
    let text = "row \(row): its hash does not follow from \(before)"
    switch row - last {
    case ...1: return text
    case 2: return text + "; row \(last + 1) is missing"
    default: return text + "; rows \(last + 1) to \(row - 1) are missing"
    }
  }

  private static func compare(_ mark: ChainHead, _ found: [UInt8]?, _ audit: inout Audit) {
    if let found {
      guard found != mark.hash else { return }
      audit.find(
        .row(mark.row),
        "row \(mark.row): it is not the row that stood there when an order left")
    } else {
      audit.find(
        .history,
        "row \(mark.row) was there when an order left, and is missing; the last row is "
          + "\(audit.head.row)")
    }
  }

  private func addUpOrders(_ audit: inout Audit) throws(StoreError) {
    let account = try reader.account()
    let rows = try reader.prepare(
      "read every order", "SELECT \(Order.columns) FROM orders ORDER BY signal_id, leg")
    try rows.each { row throws(StoreError) in
      audit.orders += 1
      do throws(StoreError) {
        _ = try reader.folded(try row.orderKey(), of: account, beside: row.values)
      } catch {
        guard case .corrupt(let what) = error else { throw error }
        audit.find(.order(signal: row.text(0), leg: row.integer(1)), what)
      }
    }
  }

  private func findStrayEvents(_ audit: inout Audit) throws(StoreError) {
    let rows = try reader.prepare(
      "read events without an order",
      """
      SELECT id, signal_id, leg FROM event AS e WHERE leg IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM orders AS o WHERE o.signal_id = e.signal_id AND o.leg = e.leg)
        AND NOT EXISTS (SELECT 1 FROM compacted_signal AS c WHERE c.id = e.signal_id)
      ORDER BY id
      """)
    try rows.each { row throws(StoreError) in
      let (id, order) = (row.integer(0), "order \(row.text(1)) leg \(row.integer(2))")
      audit.find(.row(id), "row \(id): it belongs to \(order), which is not stored")
    }
  }
}
