import Glibc
import Platform

/// Files of a state that SQLite does not have open: closing any descriptor of one that it has open
/// would drop its locks (https://www.sqlite.org/howtocorrupt.html §2.2).
enum StateFiles {
  /// Whether a name is there; a link is not followed.
  static func exists(_ path: String) -> Bool { FileStatus.at(path: path) != nil }

  /// 0 when there is none.
  static func size(of path: String) -> Int64 { FileStatus.at(path: path)?.size ?? 0 }

  /// Makes an empty file with mode 0600; one that is there is not opened.
  static func make(_ path: String) throws(StoreError) {
    let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let number = retryingInterrupts { unsafe open(path, flags, 0o600) }
    guard number >= 0 else { throw StoreError(number: errno, "make \(path)") }
    _ = FileDescriptor(owning: number)
  }

  /// Makes the content of a file durable, or the names in a folder.
  static func sync(_ path: String) throws(StoreError) {
    let number = retryingInterrupts { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
    guard number >= 0 else { throw StoreError(number: errno, "open \(path)") }
    let file = FileDescriptor(owning: number)
    guard fsync(file.number) == 0 else { throw StoreError(number: errno, "sync \(path)") }
  }

  /// Gives a file a second name.
  static func link(_ path: String, as name: String) throws(StoreError) {
    guard unsafe Glibc.link(path, name) == 0 else {
      throw StoreError(number: errno, "give \(path) the name \(name)")
    }
  }

  /// Replaces what has the name.
  static func rename(_ path: String, to name: String) throws(StoreError) {
    guard unsafe Glibc.rename(path, name) == 0 else {
      throw StoreError(number: errno, "rename \(path) to \(name)")
    }
  }

  /// Nothing happens when there is none.
  static func remove(_ path: String) throws(StoreError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      throw StoreError(number: errno, "remove \(path)")
    }
  }
}

extension StoreLocation {
  var folder: String { PathParts(path).folder }

  var name: String { PathParts(path).name }

  /// What SQLite keeps beside a database that belongs to its content.
  static let logSuffixes = ["-wal", "-journal"]
}
