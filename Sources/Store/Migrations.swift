/// The schema's history. Append to the list; a step that has shipped never changes.
enum Migrations {
  /// "MXsg", in the file's header at offset 68: tells our databases from a stranger's.
  static let applicationID: Int64 = 0x4D58_7367

  private enum Step {
    case sql(String)
    case work((Database) throws(StoreError) -> Void)
  }

  /// Step n leads from version n − 1 to version n (PRAGMA user_version).
  private static var steps: [Step] {
    [
      .sql(firstSchema), .work(secondSchema), .sql(thirdSchema), .sql(fourthSchema),
      .sql(fifthSchema), .sql(sixthSchema), .sql(seventhSchema), .sql(EighthSchema.sql),
      .sql(ninthSchema), .sql(TenthSchema.sql), .sql(EleventhSchema.sql),
    ]
  }

  static let currentVersion = steps.count

  /// Each step is one transaction, its version number included: a crash leaves one version or the
  /// next, never something between.
  static func run(on database: Database, from version: Int) throws(StoreError) {
    for (index, step) in steps.enumerated().dropFirst(version) {
      let name = "migration to version \(index + 1)"
      do throws(StoreError) {
        try execute("BEGIN IMMEDIATE; PRAGMA application_id = \(applicationID);", name, database)
        switch step {
        case .sql(let text): try execute(text, name, database)
        case .work(let work): try work(database)
        }
        try execute("PRAGMA user_version = \(index + 1); COMMIT;", name, database)
      } catch {
        if database.isInTransaction { try execute("ROLLBACK;", "undo \(name)", database) }
        throw error
      }
    }
  }

  private static func execute(
    _ sql: String, _ name: String, _ database: Database
  ) throws(StoreError) {
    try StoreError.sorting { () throws(SQLiteError) in try database.execute(sql, step: name) }
  }
}
