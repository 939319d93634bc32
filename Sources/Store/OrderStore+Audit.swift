import Domain

extension OrderStore {
  /// Follows the whole chain, adds every order up from its history and holds it against its row.
  /// Sees one moment of the database, also beside a running daemon; needs the memory of one order.
  /// Only between turns. Throws when the database cannot be read; what is wrong with its content is
  /// part of the result.
  ///
  /// - Parameters:
  ///   - mark: what was noted when the last order left; the history must hold it. It must be read
  ///     before this is called, because a daemon that runs moves both on, the history first.
  ///   - notedHash: a head that somebody noted at any time; the history must hold it.
  package func audit(
    mark: HighWaterMark.Reading = .missing, notedHash: [UInt8]? = nil
  ) throws(StoreError) -> Audit {
    try Auditor(self).run(mark, notedHash: notedHash)
  }

  func prepare(_ name: String, _ sql: String) throws(StoreError) -> Statement {
    try StoreError.sorting { () throws(SQLiteError) in try database.prepare(name, sql) }
  }
}
