import Domain
import Platform
import Store

/// Backups of one database in one folder, named by the time at which they were made.
struct BackupFolder {
  let path: String
  /// The database's own name, without its ending.
  private let stem: String

  /// `nil` when the path does not lead to a folder.
  init?(_ path: String, of database: String) {
    // The kernel follows a link in front of the last part.
    guard FileStatus.at(path: path + "/.")?.kind == .directory else { return nil }
    self.path = path
    let name = database.split(separator: "/").last ?? "state.db"
    stem = String(name.hasSuffix(".db") ? name.dropLast(3) : name)
  }

  func file(at time: WallTime) -> String {
    let digits = time.text.prefix(19).filter { $0 != "-" && $0 != ":" }
    return "\(path)/\(stem)-\(digits)Z.db"
  }

  /// Removes all but `number` backups: the one at `newest` and those before it. Names of a later time
  /// were made while the clock was wrong; they count for nothing and stay. The names of those that went.
  /// Throws when one cannot be removed.
  func removeAllBut(_ number: Int, upTo newest: String) throws(SystemError) -> [String] {
    let folder = try Directory(path: path + "/.")
    let name = newest.split(separator: "/").last.map(String.init) ?? newest
    let backups = try folder.names().map { String(decoding: $0, as: UTF8.self) }.filter(isBackup)
    let old = backups.filter { $0 <= name }.sorted().dropLast(number)
    for name in old { try folder.remove(Array(name.utf8)) }
    return Array(old)
  }

  /// Removes what backups that were cut off have left. Another one may be under way, whose copy is
  /// young. The names of what went; what cannot be removed hinders no backup.
  func removeLeftovers(at now: WallTime) -> [String] {
    guard let folder = try? Directory(path: path + "/."), let names = try? folder.names() else {
      return []
    }
    let day = now.advanced(by: .seconds(-86_400))
    return names.filter { isLeftover(String(decoding: $0, as: UTF8.self)) }
      .filter { name in folder.status(of: name).map { $0.modified < day } ?? false }
      .filter { name in (try? folder.remove(name)) != nil }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// An unfinished copy, or what SQLite keeps beside it.
  private func isLeftover(_ name: String) -> Bool {
    ["", "-journal", "-shm", "-wal"].map { Backup.draftSuffix + $0 }.contains { suffix in
      name.hasSuffix(suffix) && isBackup(String(name.dropLast(suffix.count)))
    }
  }

  private func isBackup(_ name: String) -> Bool {
    guard name.hasPrefix(stem + "-"), name.hasSuffix("Z.db") else { return false }
    let time = name.dropFirst(stem.count + 1).dropLast(4)
    let places = time.map { $0.isASCII && $0.isNumber ? "0" : $0 }
    return String(places) == "00000000T000000"
  }
}
