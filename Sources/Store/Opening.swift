import CSQLite

/// The steps from a path to a database that can be trusted.
enum Opening {
  /// How long a start waits for a reader that is repairing the log after a crash, and a reader for
  /// a daemon's start. A writer at work never waits: nobody else may write.
  private static let patienceMilliseconds: Int32 = 1_000

  static func writer(
    _ location: StoreLocation, _ lock: StateLock?
  ) throws(StoreError) -> StoreReader {
    let database = try StoreError.sorting { () throws(SQLiteError) in
      try Database(
        path: location.path, access: .writer(lock), fileSystem: location.fileSystem)
    }
    guard !database.isReadOnly else {
      throw .readOnly("\(location.path) opens only for reading")
    }
    try configure(database)
    let version = try known(version(of: database, at: location))
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute(writerSettings, step: "prepare for writing")
    }
    database.watchLog()
    try requireLog(database)
    try check(database, size: try location.existingSize() ?? 0)
    try update(database, from: version)
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute(fold, step: "fold the log into the file")
    }
    database.noteLogPlace()
    let statements = try statements(database)
    database.setBusyTimeout(milliseconds: 0)
    return StoreReader(database, statements)
  }

  static func reader(_ location: StoreLocation) throws(StoreError) -> StoreReader {
    let (database, version) = try source(location)
    guard version == Migrations.currentVersion else {
      throw .unusablePath(
        "\(location.path) was written by an older program; start the daemon once to update it")
    }
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute(readerSettings, step: "prepare for reading")
    }
    return StoreReader(database, try statements(database))
  }

  /// A database of this program or an older one, for a copy.
  static func source(
    _ location: StoreLocation
  ) throws(StoreError) -> (database: Database, version: Int) {
    let (database, version) = try ofAnySchema(location)
    return (database, try known(version))
  }

  /// Also a newer program's, of which only what has one form in every schema can be read.
  static func ofAnySchema(
    _ location: StoreLocation
  ) throws(StoreError) -> (database: Database, version: Int) {
    if let refusal = StoreError.refusal(ofReading: location.path) { throw refusal }
    guard try location.existingSize() ?? 0 > 0 else {
      try location.refuseLostFile()
      throw .unusablePath(
        "there is none at \(location.path) yet; the daemon's first start makes it")
    }
    let database = try StoreError.sorting { () throws(SQLiteError) in
      try Database(path: location.path, access: .reader)
    }
    try configure(database)
    return (database, try version(of: database, at: location))
  }

  /// Every page, index and constraint of the file.
  static func checkWhole(_ database: Database) throws(StoreError) {
    let verdict = try read(database, "integrity check", "PRAGMA integrity_check(1)") {
      $0.text(0)
    }
    guard verdict == "ok" else { throw .corrupt("integrity check: \(verdict)") }
  }

  // MARK: Steps

  /// Holds for readers and writers. None of it writes.
  private static func configure(_ database: Database) throws(StoreError) {
    database.setBusyTimeout(milliseconds: patienceMilliseconds)
    try StoreError.sorting { () throws(SQLiteError) in
      // No SQL, whatever its origin, can damage the file or reach hidden tables.
      try database.setOption(SQLITE_DBCONFIG_DEFENSIVE, true, step: "defensive")
      // Views and triggers of a doctored file get no function that has side effects.
      try database.setOption(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false, step: "trusted schema")
      // A mistyped column name is an error, not a text.
      try database.setOption(SQLITE_DBCONFIG_DQS_DML, false, step: "quoted strings")
      try database.setOption(SQLITE_DBCONFIG_DQS_DDL, false, step: "quoted strings")
      try database.execute(connectionSettings, step: "configure")
    }
  }

  /// The cache is in KiB when negative: the whole daemon has 25 MB. A mapped file would turn a disk
  /// error into a signal that kills the process.
  private static let connectionSettings = """
    PRAGMA foreign_keys = ON;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -1024;
    PRAGMA temp_store = MEMORY;
    """

  /// In KiB when negative. Lists go through a file once, and the system keeps what comes again.
  private static let readerSettings = "PRAGMA cache_size = -256;"

  /// NORMAL: a commit is in the log when it returns, where a killed process leaves it; what must
  /// outlive a power cut is synced by `OrderStore.commit`. The log never
  /// keeps more than 4 MiB of the disk.
  private static let writerSettings = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_size_limit = 4194304;
    """

  /// A run that died within a commit can leave a whole turn in the log that was never synced. SQLite
  /// reads it as if it were committed, so it is made durable before anybody is told what it says.
  private static let fold = "PRAGMA wal_checkpoint(TRUNCATE);"

  /// The schema version; 0 for an empty file. Anything that is neither empty nor ours is refused
  /// before a byte of it changes.
  private static func version(
    of database: Database, at location: StoreLocation
  ) throws(StoreError) -> Int {
    let (owner, version, objects) = try database.snapshot { () throws(StoreError) in
      (
        try integer(database, "application_id", "PRAGMA application_id"),
        try integer(database, "user_version", "PRAGMA user_version"),
        try integer(database, "schema", "SELECT count(*) FROM sqlite_schema")
      )
    }
    if owner == 0 && version == 0 && objects == 0 { return 0 }
    guard owner == Migrations.applicationID, version > 0 else {
      throw .unusablePath(
        "\(location.path) belongs to another program; set store.path to a file of its own")
    }
    return Int(version)
  }

  private static func known(_ version: Int) throws(StoreError) -> Int {
    guard version <= Migrations.currentVersion else {
      throw .newerSchema(found: version, known: Migrations.currentVersion)
    }
    return version
  }

  /// Asking for the log is answered with the mode that is in force, not with an error.
  private static func requireLog(_ database: Database) throws(StoreError) {
    let mode = try read(database, "journal mode", "PRAGMA journal_mode") { $0.text(0) }
    guard mode == "wal" else {
      throw .unusablePath(
        "its file system does not carry SQLite's write-ahead log; use a local disk")
    }
  }

  /// Up to this size the whole file is checked, which takes about 60 ms of a start; above it a start
  /// must not cost more with every order that has ended. Pages are checked one by one when they are
  /// read in any case, and a start reads every order that is not at its end with its history.
  private static let wholeCheckMaximum = 64 << 20

  private static func check(_ database: Database, size: Int64) throws(StoreError) {
    let tables = size <= wholeCheckMaximum ? [""] : ["(setting)"]
    for table in tables {
      let verdict = try read(database, "quick check", "PRAGMA quick_check\(table)") { $0.text(0) }
      guard verdict == "ok" else { throw .corrupt("quick check: \(verdict)") }
    }
  }

  /// An index over millions of rows is sorted in a file: in memory it would take more than the service
  /// may have.
  private static func update(_ database: Database, from version: Int) throws(StoreError) {
    if version == Migrations.currentVersion { return }
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute("PRAGMA temp_store = FILE;", step: "sort in a file")
    }
    try Migrations.run(on: database, from: version)
    try StoreError.sorting { () throws(SQLiteError) in
      try database.execute("PRAGMA temp_store = MEMORY;", step: "sort in memory")
    }
  }

  /// The statements fit every schema of the right version, so one that does not compile tells of
  /// tables that somebody changed.
  private static func statements(_ database: Database) throws(StoreError) -> Statements {
    do throws(SQLiteError) {
      return try Statements(database)
    } catch {
      throw error.code == SQLITE_ERROR
        ? .corrupt("its tables were changed: \(error)") : StoreError(error)
    }
  }

  private static func integer(
    _ database: Database, _ name: String, _ sql: String
  ) throws(StoreError) -> Int64 {
    try read(database, name, sql) { $0.integer(0) }
  }

  private static func read<Value>(
    _ database: Database, _ name: String, _ sql: String, _ value: (Row) -> Value
  ) throws(StoreError) -> Value {
    let statement = try StoreError.sorting { () throws(SQLiteError) in
      try database.prepare(name, sql)
    }
    let values = try statement.rows { row throws(StoreError) in value(row) }
    guard let first = values.first else { throw .corrupt("\(name) has no answer") }
    return first
  }
}
