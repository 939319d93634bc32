import Glibc
import Platform

/// Where a state lives: an existing folder, and a file in it.
struct StoreLocation {
  /// Absolute, the folder's own links resolved: SQLite then refuses a link in any part of it.
  let path: String
  /// The name of another file system that SQLite knows (https://www.sqlite.org/vfs.html); `nil` for
  /// the machine's own.
  let fileSystem: String?

  /// In a file system that answers for its own folders, modes and locks.
  init(_ path: String, in fileSystem: String) {
    self.path = path
    self.fileSystem = fileSystem
  }

  /// `isCopy`: an operator has named it, no configuration. Throws when it cannot be the path of a file.
  init(_ text: String, isCopy: Bool = false) throws(StoreError) {
    guard !text.isEmpty, !text.utf8.contains(0), !text.hasSuffix("/") else {
      let advice = isCopy ? "name a file" : "set store.path to the path of a file"
      throw .unusablePath("'\(text)' names no file; \(advice)")
    }
    let parts = PathParts(text)
    guard let resolved = unsafe realpath(parts.folder, nil) else {
      let reason = unsafe String(cString: strerror(errno))
      let advice = isCopy ? "name another one" : "change store.path"
      throw .unusablePath("its folder \(parts.folder): \(reason); make the folder, or \(advice)")
    }
    defer { unsafe free(resolved) }
    guard let absolute = unsafe String(validatingCString: resolved) else {
      let advice = isCopy ? "name another one" : "change store.path"
      throw .unusablePath("its folder \(parts.folder) leads to a path that is not UTF-8; \(advice)")
    }
    fileSystem = nil
    path = absolute == "/" ? "/\(parts.name)" : "\(absolute)/\(parts.name)"
  }

  /// Makes the file when it is missing, and refuses one that is not plainly ours. Only the holder of
  /// the lock may call it.
  func makeFile() throws(StoreError) {
    let size = try existingSize()
    if size ?? 0 == 0 { try refuseLostFile() }
    if size == nil {
      // An existing file is never opened here, because closing it would drop SQLite's locks.
      try StateFiles.make(path)
    }
  }

  /// Where there is no file, or an empty one. SQLite would throw a log away and begin anew, and every
  /// signal would look new.
  func refuseLostFile() throws(StoreError) {
    guard try logSize() == 0 else {
      throw .corrupt("\(path) is gone but its write-ahead log is there")
    }
  }

  /// `nil` when there is no file, or none of the machine's own.
  func existingSize() throws(StoreError) -> Int64? {
    if fileSystem != nil { return nil }
    guard let status = try Self.status(path) else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unusablePath("\(path) is not a regular file")
    }
    guard status.st_mode & 0o022 == 0 else {
      throw .unusablePath("\(path) can be changed by other users; run: chmod 600 \(path)")
    }
    return Int64(status.st_size)
  }

  private func logSize() throws(StoreError) -> Int64 {
    try Self.status(path + "-wal").map { Int64($0.st_size) } ?? 0
  }

  private static func status(_ path: String) throws(StoreError) -> stat? {
    var status = stat()
    if unsafe lstat(path, &status) == 0 { return status }
    guard errno == ENOENT else { throw StoreError(number: errno, "look at \(path)") }
    return nil
  }
}
