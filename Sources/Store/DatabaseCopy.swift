/// A copy of a database in one file, with nothing beside it.
enum DatabaseCopy {
  /// Copies one moment of it, also from under a running daemon, whose commits wait for nothing.
  /// `path` must not be there; when this throws it is not.
  static func make(of source: Database, at path: String) throws(StoreError) {
    try StateFiles.make(path)
    do throws(StoreError) {
      let copy = try StoreError.sorting { () throws(SQLiteError) in
        try source.prepare("copy the database", "VACUUM INTO ?1")
      }
      try StoreError.sorting { () throws(SQLiteError) in _ = try copy.run([.text(path)]) }
      try StateFiles.sync(path)
    } catch {
      discard(path)
      throw error
    }
  }

  /// Removes a copy and what SQLite may have left beside it.
  static func discard(_ path: String) {
    for suffix in ["", "-shm"] + StoreLocation.logSuffixes {
      try? StateFiles.remove(path + suffix)
    }
  }
}

extension StoreReader {
  /// The whole file, then the history and the orders. Throws `.corrupt` with the first thing that is
  /// wrong.
  func wholeAudit() throws(StoreError) -> Audit {
    try Opening.checkWhole(database)
    let audit = try audit()
    if let first = audit.findings.first {
      let others = audit.findingCount - 1
      throw .corrupt(first.message + (others == 0 ? "" : ", and \(others) more findings"))
    }
    return audit
  }
}
