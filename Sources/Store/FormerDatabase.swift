import Domain

/// The database that a restored one takes the place of. Only the holder of the lock touches it.
struct FormerDatabase {
  private let location: StoreLocation
  /// What it knows of the present.
  let standing: [StoreWrite]
  /// Why that cannot be read; `nil` where it was, and where there is no former database.
  let unread: String?

  init(_ location: StoreLocation) {
    self.location = location
    do throws(StoreError) {
      // Also an older or a newer program's.
      let (database, _) = try Opening.ofAnySchema(location)
      standing = try StoreError.sorting { () throws(SQLiteError) in try SettingReader(database) }
        .standing()
      unread = nil
    } catch {
      standing = []
      unread = StateFiles.exists(location.path) ? error.cause : nil
    }
  }

  /// Gives it a second name, and takes what belongs to it from beside the first: there a log would be
  /// read as the restored database's. The second name; `nil` when there is nothing to keep. Throws
  /// when another program reads it, or the disk does not take it.
  func putAside() throws(StoreError) -> String? {
    try fold()
    let path = location.path
    let logs = StoreLocation.logSuffixes.filter { StateFiles.size(of: path + $0) > 0 }
    let isThere = StateFiles.exists(path)
    let kept = freeName
    if isThere { try StateFiles.link(path, as: kept) }
    for suffix in logs { try StateFiles.rename(path + suffix, to: kept + suffix) }
    for suffix in StoreLocation.logSuffixes + ["-shm"] { try StateFiles.remove(path + suffix) }
    guard isThere || !logs.isEmpty else { return nil }
    try StateFiles.sync(location.folder)
    return kept
  }

  /// The file is whole without its log from then on. One that cannot be opened is damaged: it keeps
  /// its log under its other name.
  private func fold() throws(StoreError) {
    guard (try? Opening.ofAnySchema(location)) != nil else { return }
    let database = try StoreError.sorting { () throws(SQLiteError) in
      try Database(path: location.path, access: .writer(nil))
    }
    let fold = try StoreError.sorting { () throws(SQLiteError) in
      try database.prepare("fold the log into the file", "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    let isBusy = try fold.rows { row throws(StoreError) in row.integer(0) != 0 }
    guard !isBusy.contains(true) else {
      throw .heldByAnotherDaemon("another program reads \(location.path)")
    }
  }

  private var freeName: String {
    var number = 1
    while isTaken(name(number)) { number += 1 }
    return name(number)
  }

  private func name(_ number: Int) -> String { "\(location.path).before-restore-\(number)" }

  private func isTaken(_ name: String) -> Bool {
    ([""] + StoreLocation.logSuffixes).contains { StateFiles.exists(name + $0) }
  }
}
