import Configuration
import Glibc
import Platform

/// The user that the daemon runs as, seen by who owns the folder of its database: what root writes
/// for it must be its own.
struct DaemonUser {
  private let owner: FileOwner?

  init(_ configuration: Configuration) {
    let path = configuration.store.path
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    owner = FileStatus.at(path: folder.isEmpty ? "/" : folder).map {
      FileOwner(user: $0.owner, group: $0.group)
    }
  }

  /// Whose files may be believed: this process's user's, and for root the daemon's.
  var trusted: Set<UInt32> {
    Set([Accounts.ownUser] + (geteuid() == 0 ? [owner?.user].compactMap(\.self) : []))
  }

  /// Where root asks, it sees from here on what the daemon's user sees; for the rest of the process.
  func become() {
    try? owner?.become()
  }

  /// Whose a file is to be that replaces `path`; `nil` for the user of this process, who cannot give
  /// files away.
  func owner(ofFile path: String) -> FileOwner? {
    guard geteuid() == 0 else { return nil }
    guard let present = FileStatus.at(path: path), present.owner != 0 else { return owner }
    return FileOwner(user: present.owner, group: present.group)
  }
}
