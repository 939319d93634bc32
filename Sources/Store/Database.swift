import CSQLite
import Domain
import Glibc

/// What a statement's place can hold.
enum SQLiteValue: Equatable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])
}

/// One SQLite connection, used by one thread. The only file that touches SQLite's pointers.
///
/// Statements keep it alive, so the handle is closed after the last of them is gone; the lock goes
/// after the handle.
@safe
final class Database {
  enum Access {
    /// The lock goes with the connection; a file system of our own making needs none.
    case writer(StateLock?)
    case reader
  }

  private let handle: OpaquePointer
  private let access: Access
  private var logPlace: LogPlace?
  /// Pages in the log after the last commit; SQLite writes it.
  private let logPages = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  /// Of `bounded`, in `stepsPerLook`; SQLite counts them down.
  private let looksLeft = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  /// Before the first connection of the process.
  private static let setUpLibrary: Void = csqlite_count_no_memory()

  /// Opens an existing file. The path's last part must not be a symbolic link.
  init(path: String, access: Access, fileSystem: String? = nil) throws(SQLiteError) {
    let mode =
      switch access {
      case .writer: SQLITE_OPEN_READWRITE
      case .reader: SQLITE_OPEN_READONLY
      }
    // One thread uses the connection, so SQLite needs no mutex of its own.
    let flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE
    Self.setUpLibrary
    var opened: OpaquePointer?
    let code = unsafe sqlite3_open_v2(path, &opened, flags, fileSystem)
    guard let handle = unsafe opened else {
      throw SQLiteError(
        extendedCode: code, systemError: 0, message: "out of memory", step: "open \(path)")
    }
    unsafe self.handle = unsafe handle
    self.access = access
    unsafe logPages.initialize(to: 0)
    unsafe looksLeft.initialize(to: 0)
    // "Whether or not an error occurs when it is opened, resources associated with the database
    // connection handle should be released" (sqlite3_open): all is set, so deinit does it.
    if code != SQLITE_OK { throw error(code, "open \(path)") }
  }

  deinit {
    // The v2 form defers closing to the last statement, should one still be alive.
    unsafe sqlite3_close_v2(handle)
    unsafe logPages.deallocate()
    unsafe looksLeft.deallocate()
  }

  func setOption(_ option: Int32, _ isOn: Bool, step: String) throws(SQLiteError) {
    let code = unsafe csqlite_set_option(handle, option, isOn ? 1 : 0)
    if code != SQLITE_OK { throw error(code, step) }
  }

  /// Runs statements that return nothing. `sql` is ours, never made from outside text.
  func execute(_ sql: String, step: String) throws(SQLiteError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw error(code, step) }
  }

  /// All that `body` reads is of one moment. Throws within a transaction.
  func snapshot<Value>(
    _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try StoreError.sorting { () throws(SQLiteError) in
      try execute("BEGIN", step: "begin a snapshot")
    }
    // It has changed nothing, so that ending it cannot fail in a way that matters.
    defer { _ = try? execute("ROLLBACK", step: "end a snapshot") }
    return try body()
  }

  private static let stepsPerLook = 1_000

  /// `nil` when SQLite takes more than so many steps of its own for what `body` reads. Not within
  /// another one, and only for reading: an interrupted change would undo the transaction.
  func bounded<Value>(
    by steps: Int, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value? {
    unsafe looksLeft.pointee = Int32(clamping: steps / Self.stepsPerLook)
    unsafe csqlite_limit_steps(handle, Int32(Self.stepsPerLook), looksLeft)
    defer { unsafe csqlite_limit_steps(handle, 0, nil) }
    do throws(StoreError) {
      return try body()
    } catch {
      if unsafe looksLeft.pointee < 0 { return nil }
      throw error
    }
  }

  /// From here on commits leave the log as it is; `foldLog` folds it.
  func watchLog() { unsafe csqlite_watch_log(handle, logPages) }

  /// Remembers where the log lies, once a turn has made it.
  func noteLogPlace() {
    logPlace = unsafe sqlite3_db_filename(handle, "main").map {
      unsafe LogPlace(of: String(cString: $0))
    }
  }

  /// After the last commit, of 4 KiB each; 0 when they were folded since.
  var pagesInLog: Int32 { unsafe logPages.pointee }

  /// Makes every commit so far durable. Throws when the disk does not confirm it.
  func syncLog() throws(SQLiteError) {
    var number: Int32 = 0
    let code = unsafe csqlite_sync_log(handle, &number)
    guard code != SQLITE_OK else { return }
    throw SQLiteError(
      extendedCode: code, systemError: number, message: "the log could not be synced",
      step: "sync the log")
  }

  /// Folds the log into the file. Only while every commit is synced, and outside a transaction.
  ///
  /// Folding syncs the log too, and the system tells a sync's failure once: before `syncLog` it would
  /// take the failure to itself, which SQLite then drops. After it a failure costs nothing but another
  /// try, because the log holds everything.
  func foldLog() {
    unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    // The next commit says how many there are; until then there is nothing to fold.
    unsafe logPages.pointee = 0
  }

  /// Throws `.moved` when the path leads to another file now, or to none: what is written from then on
  /// is found by no later start.
  func checkPlace() throws(StoreError) {
    guard unsafe csqlite_has_moved(handle) != 0 else { return }
    let path = unsafe sqlite3_db_filename(handle, "main").map { unsafe String(cString: $0) }
    throw .moved(path ?? "the file")
  }

  /// As `checkPlace`, of the log too. One that is gone is folded into the file before it throws
  /// `.unusablePath`: nothing of it is lost.
  func checkFiles() throws(StoreError) {
    try checkPlace()
    guard let logPlace, logPlace.hasMoved else { return }
    let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_FULL, nil, nil)
    throw .unusablePath(
      "its log was removed or replaced, which nothing but the daemon may do: \(logPlace.path); "
        + (code == SQLITE_OK
          ? "what was in it is in the database now, and the next start goes on from there"
          : "what was in it could not be put into the database (SQLite error \(code)): compare with "
            + "the orders at the exchange"))
  }

  func setBusyTimeout(milliseconds: Int32) {
    unsafe sqlite3_busy_timeout(handle, milliseconds)
  }

  /// Whether a transaction is open. SQLite ends it by itself after some failures.
  var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Whether a transaction is open that has the right to write.
  var mayWrite: Bool { unsafe sqlite3_txn_state(handle, "main") == SQLITE_TXN_WRITE }

  var isWriter: Bool {
    switch access {
    case .writer: true
    case .reader: false
    }
  }

  /// Whether the file could only be opened for reading, though writing was asked for.
  var isReadOnly: Bool { unsafe sqlite3_db_readonly(handle, "main") == 1 }

  /// Rows that the last statement changed; what triggers changed is not counted.
  fileprivate var changedRows: Int { Int(unsafe sqlite3_changes(handle)) }

  func prepare(_ name: String, _ sql: String) throws(SQLiteError) -> Statement {
    var prepared: OpaquePointer?
    // "The prepared statement will be retained for a long time and probably reused many times"
    // (SQLITE_PREPARE_PERSISTENT).
    let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
    let code = unsafe sqlite3_prepare_v3(handle, sql, -1, flags, &prepared, nil)
    guard code == SQLITE_OK, let pointer = unsafe prepared else { throw error(code, name) }
    return unsafe Statement(name: name, database: self, pointer: pointer)
  }

  fileprivate func error(_ code: Int32, _ step: String) -> SQLiteError {
    // SQLite does not note the number of a commit's write that failed.
    let last = code & 0xFF == SQLITE_IOERR ? errno : 0
    let noted = unsafe sqlite3_system_errno(handle)
    return SQLiteError(
      extendedCode: code, systemError: noted != 0 ? noted : last,
      message: unsafe String(cString: sqlite3_errmsg(handle)), step: step)
  }
}

/// One prepared statement, for as long as its database.
@safe
final class Statement {
  /// How errors call it.
  let name: String
  private let database: Database
  private let pointer: OpaquePointer

  fileprivate init(name: String, database: Database, pointer: OpaquePointer) {
    self.name = name
    self.database = database
    unsafe self.pointer = unsafe pointer
  }

  deinit {
    unsafe sqlite3_finalize(pointer)
  }

  /// Runs it to its end, ignoring rows, and answers how many rows it changed.
  @discardableResult
  func run(_ values: [SQLiteValue] = []) throws(SQLiteError) -> Int {
    defer { reset() }
    try bind(values)
    while try step() {}
    return database.changedRows
  }

  /// As the other one. SQLite reads the bytes where they lie, and has let go of them when this returns.
  @discardableResult
  func run(_ bindings: Bindings) throws(SQLiteError) -> Int {
    try unsafe bindings.bytes.withUnsafeBufferPointer { bytes throws(SQLiteError) in
      defer { reset() }
      for (index, value) in bindings.values.enumerated() {
        let code = unsafe bind(value, of: bytes, at: Int32(index + 1))
        if code != SQLITE_OK { throw database.error(code, name) }
      }
      while try step() {}
    }
    return database.changedRows
  }

  private func bind(
    _ value: Bindings.Value, of bytes: UnsafeBufferPointer<UInt8>, at place: Int32
  ) -> Int32 {
    switch value {
    // What is not bound is NULL, and every reset lets go of what was bound.
    case .null: return SQLITE_OK
    case .integer(let number): return unsafe sqlite3_bind_int64(pointer, place, number)
    case .text(let range):
      // An empty buffer may have no address, and a null address would bind NULL.
      guard let start = bytes.baseAddress else { return bind("", at: place) }
      return unsafe (start + range.lowerBound).withMemoryRebound(
        to: CChar.self, capacity: range.count
      ) { unsafe sqlite3_bind_text(pointer, place, $0, Int32(clamping: range.count), nil) }
    case .blob(let range):
      guard let start = bytes.baseAddress else { return bind([], at: place) }
      return unsafe sqlite3_bind_blob(
        pointer, place, start + range.lowerBound, Int32(clamping: range.count), nil)
    }
  }

  /// Collects what `read` makes of each row; stops at the first error.
  func rows<Element>(
    _ values: [SQLiteValue] = [], _ read: (Row) throws(StoreError) -> Element
  ) throws(StoreError) -> [Element] {
    var elements: [Element] = []
    try each(values) { row throws(StoreError) in elements.append(try read(row)) }
    return elements
  }

  /// Hands each row to `body`, one at a time; stops at the first error.
  func each(
    _ values: [SQLiteValue] = [], _ body: (Row) throws(StoreError) -> Void
  ) throws(StoreError) {
    defer { reset() }
    try StoreError.sorting { () throws(SQLiteError) in try bind(values) }
    while try StoreError.sorting({ () throws(SQLiteError) in try step() }) {
      try body(Row(statement: self))
    }
  }

  /// Places are filled from the first on.
  private func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
    for (index, value) in values.enumerated() {
      let place = Int32(index + 1)
      let code =
        switch value {
        case .null: unsafe sqlite3_bind_null(pointer, place)
        case .integer(let number): unsafe sqlite3_bind_int64(pointer, place, number)
        case .text(let text): bind(text, at: place)
        case .blob(let bytes): bind(bytes, at: place)
        }
      if code != SQLITE_OK { throw database.error(code, name) }
    }
  }

  private func bind(_ text: String, at place: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      // An empty buffer may have no address, and a null address would bind NULL.
      guard let start = bytes.baseAddress else {
        return unsafe csqlite_bind_text(pointer, place, "", 0)
      }
      return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
        unsafe csqlite_bind_text(pointer, place, $0, Int32(clamping: bytes.count))
      }
    }
  }

  private func bind(_ bytes: [UInt8], at place: Int32) -> Int32 {
    if bytes.isEmpty { return unsafe sqlite3_bind_zeroblob(pointer, place, 0) }
    return unsafe bytes.withUnsafeBytes { bytes in
      unsafe csqlite_bind_blob(
        pointer, place, bytes.baseAddress, Int32(clamping: bytes.count))
    }
  }

  /// True while there is a row.
  private func step() throws(SQLiteError) -> Bool {
    let code = unsafe sqlite3_step(pointer)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw database.error(code, name)
    }
  }

  /// Makes it ready to run again, and lets go of the bound values. The result codes repeat the last
  /// step's error, which has been thrown.
  private func reset() {
    unsafe sqlite3_reset(pointer)
    unsafe sqlite3_clear_bindings(pointer)
  }

  fileprivate func isNull(_ column: Int32) -> Bool {
    unsafe sqlite3_column_type(pointer, column) == SQLITE_NULL
  }

  fileprivate func integer(_ column: Int32) -> Int64 {
    unsafe sqlite3_column_int64(pointer, column)
  }

  fileprivate var values: [SQLiteValue] {
    (0..<(unsafe sqlite3_column_count(pointer))).map { column in
      switch unsafe sqlite3_column_type(pointer, column) {
      case SQLITE_INTEGER: .integer(integer(column))
      case SQLITE_TEXT: .text(String(decoding: bytes(column), as: UTF8.self))
      case SQLITE_BLOB: .blob(bytes(column))
      // The tables are STRICT and have no column for binary fractions.
      default: .null
      }
    }
  }

  fileprivate func bytes(_ column: Int32) -> [UInt8] { unsafe [UInt8](buffer(column)) }

  fileprivate func text(_ column: Int32) -> String {
    unsafe String(decoding: buffer(column), as: UTF8.self)
  }

  /// The number that the text is; `nil` when it is none.
  fileprivate func decimal(_ column: Int32) -> FixedDecimal? {
    unsafe try? FixedDecimal(utf8: buffer(column).bindMemory(to: UInt8.self).span)
  }

  /// Valid until the next step.
  private func buffer(_ column: Int32) -> UnsafeRawBufferPointer {
    // "The safest policy is to invoke sqlite3_column_blob() followed by sqlite3_column_bytes()"
    // (sqlite3_column_blob).
    let start = unsafe sqlite3_column_blob(pointer, column)
    let count = Int(unsafe sqlite3_column_bytes(pointer, column))
    return unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
  }
}

/// The row that a statement stands on; only valid inside the closure that it is handed to.
struct Row {
  private let statement: Statement

  fileprivate init(statement: Statement) {
    self.statement = statement
  }

  func isNull(_ column: Int32) -> Bool { statement.isNull(column) }
  func integer(_ column: Int32) -> Int64 { statement.integer(column) }
  func blob(_ column: Int32) -> [UInt8] { statement.bytes(column) }
  func text(_ column: Int32) -> String { statement.text(column) }
  func decimal(_ column: Int32) -> FixedDecimal? { statement.decimal(column) }
  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
  func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
  /// Every column, as it is stored.
  var values: [SQLiteValue] { statement.values }
}
