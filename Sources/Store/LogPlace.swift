import Platform

/// Where the database's log lies. SQLite opens it once: what it writes into one that was removed or
/// replaced since is found by no later start, and SQLite does not notice.
struct LogPlace {
  private struct File: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  let path: String
  private let opened: File?

  /// Of a database that has had its first turn, which makes the log.
  init(of database: String) {
    path = database + "-wal"
    opened = Self.file(at: path)
  }

  private static func file(at path: String) -> File? {
    FileStatus.at(path: path).map { File(device: $0.device, inode: $0.inode) }
  }

  /// Whether another file is there now, or none.
  var hasMoved: Bool { opened != nil && Self.file(at: path) != opened }
}
