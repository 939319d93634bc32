import Platform

/// A copy of a database that was checked after it was written.
package struct Backup: Hashable, Sendable {
  /// Absolute.
  package let path: String
  package let bytes: Int64
  /// What the copy holds; `nil` for the database of an older program, of which only the file as such
  /// was checked.
  package let audit: Audit?

  /// Of the name that a copy has until it is whole.
  package static let draftSuffix = ".tmp"

  /// Copies the database at `path` into `file`, which must not be there, with mode 0600: whole, or not
  /// at all. Takes no lock and needs no daemon; one that runs is not held up. Throws when either file
  /// cannot be used, or `.corrupt` when the database is not whole.
  package static func make(of path: String, at file: String) throws(StoreError) -> Backup {
    let target = try StoreLocation(file, isCopy: true)
    guard !StateFiles.exists(target.path) else {
      throw .unusablePath("there is a file \(target.path) already; name another one")
    }
    let draft = target.path + draftSuffix
    guard !StateFiles.exists(draft) else {
      throw .unusablePath(
        "\(draft) is there: another backup is being made, or one was cut off; remove the file, or "
          + "name another one")
    }
    let location = try StoreLocation(path)
    let (source, version) = try Opening.source(location)
    try DiskRoom.require(
      forCopyOf: location.path, in: target.folder,
      "remove old backups there, then keep fewer ('--keep N'), or name another folder",
      besideWriters: true)
    try DatabaseCopy.make(of: source, at: draft)
    do throws(StoreError) {
      let audit = try check(draft, version)
      try place(draft, target)
      return Backup(path: target.path, bytes: StateFiles.size(of: target.path), audit: audit)
    } catch {
      DatabaseCopy.discard(draft)
      throw error
    }
  }

  private static func check(_ draft: String, _ version: Int) throws(StoreError) -> Audit? {
    guard version == Migrations.currentVersion else {
      try Opening.checkWhole(Opening.source(StoreLocation(draft)).database)
      return nil
    }
    return try StoreReader(path: draft).wholeAudit()
  }

  /// Never onto a file that was made meanwhile.
  private static func place(_ draft: String, _ target: StoreLocation) throws(StoreError) {
    do throws(SystemError) {
      let folder = try Directory(path: target.folder)
      let name = Array(target.name.utf8)
      try folder.rename(name + Array(draftSuffix.utf8), to: folder, as: name)
      try folder.sync()
    } catch {
      throw StoreError(number: error.number, "name the backup \(target.path)")
    }
  }
}
