import Configuration
import Glibc
import Platform

/// The user that the daemon runs as, seen by who owns the folder of its database: what root writes
/// for it must be its own.
struct DaemonUser {
  private let folder: String
  private let owner: FileOwner?

  init(_ configuration: Configuration) {
    let path = configuration.store.path
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/"
    // Where the folder is a link, the one that it leads to says whose the database is.
    owner = FileStatus.at(path: folder + ".").map { FileOwner(user: $0.owner, group: $0.group) }
  }

  /// Whose files may be believed: this process's user's, and for root the daemon's.
  var trusted: Set<UInt32> {
    Set([Accounts.ownUser] + (geteuid() == 0 ? [owner?.user].compactMap(\.self) : []))
  }

  /// Where root asks, it sees from here on what the daemon's user sees; for the rest of the process.
  func become() {
    try? owner?.become()
  }

  /// Whose a file is to be that is written for the daemon at `path`; `nil` for the user of this process,
  /// who cannot give files away, or does not know to whom. A folder of root's may be one where a group
  /// may write, and does not tell the daemon's user then: whose the present file is does.
  func owner(ofFile path: String) -> FileOwner? {
    guard geteuid() == 0 else { return nil }
    if let owner, owner.user != 0 { return owner }
    guard let present = FileStatus.at(path: path), present.owner != 0 else { return owner }
    return FileOwner(user: present.owner, group: present.group)
  }

  /// What root must see to where it writes a file for this `owner`; empty where there is nothing.
  func warning(for owner: FileOwner?) -> String {
    guard geteuid() == 0, owner == nil else { return "" }
    return
      "; it is root's, as the folder of store.path (\(folder)) is not there and does not tell the "
      + "daemon's user: give the file to that user ('chown') before the daemon starts"
  }
}
