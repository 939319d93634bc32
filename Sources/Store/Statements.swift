import Domain

/// Every statement that runs after the start: a closed set, prepared once.
struct Statements {
  let begin: Statement
  let beginReading: Statement
  let takeRightToWrite: Statement
  let commit: Statement
  let rollback: Statement
  let insertSignal: Statement
  let bootOfSignal: Statement
  let takeOverWaitingOrders: Statement
  let updateDecision: Statement
  let insertOrder: Statement
  let putOrder: Statement
  let appendEvent: Statement
  let putNotification: Statement
  let chainHead: Statement
  let chainHash: Statement
  let putSetting: Statement
  let deleteSetting: Statement
  let putOwner: Statement
  let owner: Statement
  let modeTraces: Statement
  let lastSignal: Statement
  let isKnownSignal: Statement
  let signal: Statement
  let setting: SettingReader
  let historyOfSignal: Statement
  let historyOfOrder: Statement
  let orderRow: Statement
  let liveOrderRows: Statement
  let reservations: Statement
  let sparedOrders: Statement
  let searchedFiles: Statement
  let signalsOver: Statement
  let compactSignal: Statement
  let deleteOrders: Statement
  let deleteSignal: Statement
  let oldestEvents: Statement
  let moveSeal: Statement
  let deleteEvents: Statement
  let seal: Statement
  let compactedSignal: Statement
  let compactedCount: Statement
  let acceptedSignals: Statement
  let numberedSignals: Statement
  let signalList: Statement
  let liveSignalList: Statement
  let orderList: Statement
  let liveOrderList: Statement
  let signalListRow: Statement
  let orderListRows: Statement

  init(_ database: Database) throws(SQLiteError) {
    // IMMEDIATE: another program's write lock shows at the turn's first write, not at its commit.
    begin = try database.prepare("begin", "BEGIN IMMEDIATE")
    beginReading = try database.prepare("begin to read", "BEGIN")
    // Changes nothing, and has SQLite lock the database as a change does.
    takeRightToWrite = try database.prepare(
      "take the right to write", "DELETE FROM setting WHERE 0")
    commit = try database.prepare("commit", "COMMIT")
    rollback = try database.prepare("rollback", "ROLLBACK")
    insertSignal = try database.prepare("insert signal", SQL.insertSignal)
    bootOfSignal = try database.prepare(
      "boot of a signal", "SELECT boot FROM signal WHERE id = ?1")
    takeOverWaitingOrders = try database.prepare(
      "take over the orders that wait", UnarmedOrders.takeOver)
    updateDecision = try database.prepare(
      "update decision",
      "UPDATE signal SET decision = ?2, message = ?3, decided_at_ms = ?4 WHERE id = ?1")
    insertOrder = try database.prepare("put order", SQL.insertOrder)
    putOrder = try database.prepare("put order", SQL.putOrder)
    appendEvent = try database.prepare(
      "append event",
      "INSERT INTO event (\(HistoryEvent.columns), hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    putNotification = try database.prepare(
      "put notification",
      """
      INSERT INTO notification (event, subject, at_ms, signal_id, message)
      VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (event, subject) DO NOTHING
      """)
    chainHead = try database.prepare(
      "read the history's head", "SELECT id, hash FROM event ORDER BY id DESC LIMIT 1")
    chainHash = try database.prepare(
      "read a row's hash", "SELECT hash FROM event WHERE id = ?1")
    putSetting = try database.prepare(
      "put setting",
      """
      INSERT INTO setting (key, value) VALUES (?1, ?2)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value
      """)
    deleteSetting = try database.prepare("delete setting", "DELETE FROM setting WHERE key = ?1")
    putOwner = try database.prepare("put owner", SQL.putOwner)
    owner = try database.prepare("read owner", "SELECT \(DatabaseOwner.columns) FROM owner")
    modeTraces = try database.prepare("look for the orders' modes", SQL.modeTraces)
    lastSignal = try database.prepare(
      "read the last signal", "SELECT id, client_order_id FROM signal ORDER BY rowid DESC LIMIT 1")
    signal = try database.prepare(
      "read signal", "SELECT \(SignalRecord.columns) FROM signal WHERE id = ?1")
    setting = try SettingReader(database)
    historyOfSignal = try database.prepare(
      "read history of a signal",
      "SELECT \(HistoryEvent.columns) FROM event WHERE signal_id = ?1 ORDER BY id")
    historyOfOrder = try database.prepare(
      "read history of an order",
      """
      SELECT \(HistoryEvent.columns) FROM event WHERE signal_id = ?1 AND leg = ?2 ORDER BY id
      """)
    orderRow = try database.prepare(
      "read order", "SELECT \(Order.columns) FROM orders WHERE signal_id = ?1 AND leg = ?2")
    liveOrderRows = try database.prepare("read live orders", SQL.liveOrderRows)
    reservations = try database.prepare("read reservations", SQL.reservations)
    sparedOrders = try database.prepare("read orders that never were", SQL.sparedOrders)
    searchedFiles = try database.prepare("read files of orders not found", SQL.searchedFiles)
    signalsOver = try database.prepare("read signals that are over", SQL.signalsOver)
    compactSignal = try database.prepare("compact a signal", SQL.compactSignal)
    deleteOrders = try database.prepare(
      "remove a compacted signal's orders", "DELETE FROM orders WHERE signal_id = ?1")
    deleteSignal = try database.prepare(
      "remove a compacted signal", "DELETE FROM signal WHERE id = ?1")
    oldestEvents = try database.prepare("read the oldest history", SQL.oldestEvents)
    moveSeal = try database.prepare(
      "move the seal",
      "UPDATE seal SET event_id = ?1, hash = ?2, armed = armed + ?3, sealed_at_ms = ?4")
    deleteEvents = try database.prepare(
      "remove sealed history", "DELETE FROM event WHERE id <= ?1")
    seal = try database.prepare(
      "read the seal", "SELECT event_id, hash, armed, sealed_at_ms FROM seal")
    isKnownSignal = try database.prepare(
      "look for a signal",
      "SELECT EXISTS (SELECT 1 FROM signal WHERE id = ?1) "
        + "OR EXISTS (SELECT 1 FROM compacted_signal WHERE id = ?1)")
    compactedSignal = try database.prepare(
      "read a compacted signal",
      "SELECT \(CompactedSignal.columns) FROM compacted_signal WHERE id = ?1")
    compactedCount = try database.prepare(
      "count compacted signals", "SELECT count(*) FROM compacted_signal")
    numberedSignals = try database.prepare("read numbered signals", SQL.numberedSignals)
    acceptedSignals = try database.prepare("read accepted signals", SQL.acceptedSignals)
    signalList = try database.prepare("list signals", SQL.signalList)
    liveSignalList = try database.prepare("list open signals", SQL.liveSignalList)
    orderList = try database.prepare("list orders", SQL.orderList)
    liveOrderList = try database.prepare("list open orders", SQL.liveOrderList)
    signalListRow = try database.prepare(
      "read a signal of the list",
      """
      SELECT \(SignalListRow.columns)
      FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id AND o.leg = 0 WHERE s.id = ?1
      """)
    orderListRows = try database.prepare(
      "read the orders of a signal",
      "SELECT \(Order.columns) FROM orders WHERE signal_id = ?1 ORDER BY leg")
  }
}

/// The longer texts of the statements.
enum SQL {
  static let insertSignal = """
    INSERT INTO signal (\(SignalRecord.columns), boot, \(SignalSender.columns))
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    """

  private static let orderRow: String = {
    let places = (1...(Order.identityColumns.count + Order.stateColumns.count)).map { "?\($0)" }
    return """
      INSERT INTO orders (\(Order.columns)) VALUES (\(places.joined(separator: ", ")))
      ON CONFLICT (signal_id, leg)
      """
  }()

  /// Does nothing, which shows as "no row changed", when there is a row. SQLite keeps what a page was
  /// before a statement that can fail half-way; this one cannot.
  static let insertOrder = "\(orderRow) DO NOTHING"

  /// A row that is another order is left alone, which shows as "no row changed".
  static let putOrder = """
    \(orderRow) DO UPDATE SET
    \(Order.stateColumns.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
    WHERE \(Order.identityColumns.map { "\($0) IS excluded.\($0)" }.joined(separator: " AND "))
    """

  static let putOwner = """
    INSERT INTO owner (id, \(DatabaseOwner.columns)) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET venue = excluded.venue, mode = excluded.mode,
      account = excluded.account, since_ms = excluded.since_ms, key_salt = excluded.key_salt, key_digest = excluded.key_digest
    """

  /// Only an order that the exchange took has an identifier, and on paper that says so.
  static let modeTraces = """
    SELECT CASE WHEN order_id GLOB '\(TradingMode.paperOrderIDPrefix)*' THEN 'paper'
      WHEN order_id IS NOT NULL THEN 'live' WHEN status = 'validated' THEN 'validate' END,
      count(*), count(CASE WHEN status IN (\(live)) THEN 1 END),
      count(CASE WHEN status IN (\(live)) AND attempt > 0 THEN 1 END)
    FROM orders WHERE attempt > 0 OR order_id IS NOT NULL OR status = 'new' GROUP BY 1
    UNION ALL
    SELECT (SELECT mode FROM owner), count(*), 0, 0 FROM compacted_signal WHERE had_left
    HAVING count(*) > 0
    """

  static let liveOrderRows = """
    SELECT \(Order.columns) FROM orders WHERE status IN (\(live))
    ORDER BY created_at_ms, signal_id, leg
    """

  /// Oldest first within each status: to sort them all, SQLite would hold them all.
  static let reservations = """
    SELECT created_at_ms, reserved_quote, executed_quote FROM orders
    WHERE created_at_ms > ?1 AND status IN (\(exposedAndOver))
    """

  static let sparedOrders = """
    SELECT created_at_ms FROM orders WHERE created_at_ms > ?1 AND status IN (\(sparedAndOver))
    """

  /// An order that rests after a late find is not over.
  static let searchedFiles = """
    SELECT s.origin, s.received_at_ms,
      CASE o.status WHEN '\(OrderStatus.notFound.rawValue)' THEN o.updated_at_ms END
    FROM orders AS o CROSS JOIN signal AS s ON s.id = o.signal_id
    WHERE o.status IN (\(live)) AND s.origin_kind = 'file'
      AND (o.status = '\(OrderStatus.notFound.rawValue)'
        OR s.decision = '\(DecisionCode.accepted.rawValue)'
        AND s.message = '\(SignalRecord.foundLate)')
    """

  static let signalsOver = """
    SELECT s.id FROM signal AS s WHERE s.received_at_ms < ?1 AND s.decided_at_ms < ?1
      AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.signal_id = s.id
        AND (o.status IN (\(live)) OR o.updated_at_ms >= ?1))
    ORDER BY s.received_at_ms LIMIT ?2
    """

  static let compactSignal = """
    INSERT INTO compacted_signal (\(CompactedSignal.columns), had_left)
    SELECT s.id, s.symbol, s.side, s.content_digest, s.client_order_id, s.decision,
      s.received_at_ms, max(s.decided_at_ms, coalesce(o.updated_at_ms, 0)), o.status, o.code,
      o.order_id, o.executed_quantity, o.executed_quote,
      coalesce(o.attempt > 0 OR o.order_id IS NOT NULL, 0)
    FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id AND o.leg = 0 WHERE s.id = ?1
    """

  /// The last column says whether a row has to stay.
  static let oldestEvents = """
    SELECT e.id, e.hash, e.kind,
      e.at_ms >= ?1 OR EXISTS (SELECT 1 FROM signal AS s WHERE s.id = e.signal_id)
    FROM event AS e WHERE e.id > (SELECT event_id FROM seal) ORDER BY e.id LIMIT ?2
    """

  /// The index has all that is asked of most rows, and SQLite looks up a row only for what it has not:
  /// the bytes, where nothing else says the source. Then, only an accepted signal has an order; most
  /// still say so themselves, and no order need be looked for. Without the name, in its letters or in
  /// JSON's escapes, a signal has no source, and need not be read.
  static let acceptedSignals = """
    SELECT s.received_at_ms, s.counted_source, iif(s.counted_source IS NULL, s.raw, NULL)
    FROM signal AS s
    WHERE s.received_at_ms > ?1 AND (s.counted_source <> '' OR s.counted_source IS NULL
      AND (instr(s.raw, CAST('"source"' AS BLOB)) > 0 OR instr(s.raw, CAST('\\u' AS BLOB)) > 0)
      AND (s.decision = '\(DecisionCode.accepted.rawValue)'
        OR EXISTS (SELECT 1 FROM orders AS o WHERE o.signal_id = s.id)))
    ORDER BY s.received_at_ms
    """

  /// A signal of an older program that names its number in another spelling of JSON is left out.
  static let numberedSignals = """
    SELECT s.raw FROM signal AS s
    WHERE s.received_at_ms > ?1 AND (s.is_numbered = 1
      OR s.is_numbered IS NULL AND instr(s.raw, CAST('"sequence"' AS BLOB)) > 0)
    ORDER BY s.received_at_ms DESC LIMIT ?2
    """

  static let signalList = """
    SELECT \(SignalListRow.columns)
    FROM signal AS s LEFT JOIN orders AS o ON o.signal_id = s.id AND o.leg = 0
    WHERE \(signalFilter) \(newestSignals)
    """

  /// CROSS JOIN keeps SQLite to this order: the few live orders first.
  static let liveSignalList = """
    SELECT \(SignalListRow.columns)
    FROM orders AS o CROSS JOIN signal AS s ON s.id = o.signal_id
    WHERE o.leg = 0 AND o.status IN (\(live)) AND \(signalFilter) \(newestSignals)
    """

  static let orderList = """
    SELECT \(Order.columns) FROM orders WHERE \(orderFilter) \(newestOrders)
    """

  static let liveOrderList = """
    SELECT \(Order.columns) FROM orders
    WHERE status IN (\(live)) AND \(orderFilter) \(newestOrders)
    """

  /// The bound of the time alone is what leads SQLite into the index at the right place.
  private static let signalFilter = """
    (?1 IS NULL OR s.decision = ?1 OR o.status = ?1) AND (?2 IS NULL OR s.symbol = ?2)
    AND s.received_at_ms >= ?3
    AND s.received_at_ms <= coalesce(
      (SELECT received_at_ms FROM signal WHERE id = ?5), 9223372036854775807)
    AND (?5 IS NULL OR (s.received_at_ms, s.rowid)
      < (SELECT received_at_ms, rowid FROM signal WHERE id = ?5))
    """

  private static let newestSignals = "ORDER BY s.received_at_ms DESC, s.rowid DESC LIMIT ?4"

  private static let orderFilter = """
    (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR symbol = ?2)
    AND created_at_ms >= ?3
    AND created_at_ms <= coalesce(
      (SELECT max(created_at_ms) FROM orders WHERE signal_id = ?5), 9223372036854775807)
    AND (?5 IS NULL OR (created_at_ms, signal_id, leg)
      < (SELECT created_at_ms, signal_id, leg FROM orders WHERE signal_id = ?5
        ORDER BY leg LIMIT 1))
    """

  private static let newestOrders = "ORDER BY created_at_ms DESC, signal_id DESC, leg DESC LIMIT ?4"

  private static let live = list { !$0.isTerminal }

  private static let exposedAndOver = list { $0.countsAsExposure && $0.isTerminal }

  private static let sparedAndOver = list { !$0.countsAsExposure && $0.isTerminal }

  private static func list(_ isWanted: (OrderStatus) -> Bool) -> String {
    OrderStatus.allCases.filter(isWanted).map { "'\($0.rawValue)'" }.joined(separator: ", ")
  }
}
