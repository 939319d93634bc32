/// The schema's history. Append to the list; a step that has shipped never changes.
enum Migrations {
  /// "MXsg", in the file's header at offset 68: tells our databases from a stranger's.
  static let applicationID: Int64 = 0x4D58_7367

  /// Step n leads from version n − 1 to version n (PRAGMA user_version).
  static let steps = [firstSchema]

  static var currentVersion: Int { steps.count }

  /// Each step is one transaction, its version number included: a crash leaves one version or the
  /// next, never something between.
  static func run(on database: Database, from version: Int) throws(SQLiteError) {
    for (index, step) in steps.enumerated().dropFirst(version) {
      let name = "migration to version \(index + 1)"
      do {
        try database.execute(
          """
          BEGIN IMMEDIATE;
          PRAGMA application_id = \(applicationID);
          \(step)
          PRAGMA user_version = \(index + 1);
          COMMIT;
          """, step: name)
      } catch {
        if database.isInTransaction { try database.execute("ROLLBACK;", step: "undo \(name)") }
        throw error
      }
    }
  }
}
