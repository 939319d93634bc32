import CLinux
package import Domain
import Glibc

/// An open directory. Everything happens relative to its descriptor, so nothing that is done to the
/// path above it leads elsewhere. Names are bytes without `/` and NUL, not necessarily UTF-8.
package final class Directory {
  package let path: String
  /// The directory when it was opened.
  package let status: FileStatus

  private let descriptor: FileDescriptor
  var number: CInt { descriptor.number }

  /// One system call's worth of names.
  private static let listingBytes = 32 * 1024
  /// Holds the longest name many times over, and some 200 usual ones.
  private static let stepBytes = 8 * 1024

  /// Opens `path`; a link in its last place is not followed. Throws when it is not there, is no
  /// directory, or may not be opened.
  package init(path: String) throws(SystemError) {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let opened = unsafe clinux_open_at(AT_FDCWD, Array(path.utf8) + [0], flags, 0)
    guard opened >= 0 else { throw Self.openFailure(path) }
    descriptor = FileDescriptor(owning: opened)
    guard let status = FileStatus.of(opened) else { throw SystemError.last("fstat", path) }
    self.path = path
    self.status = status
  }

  /// For a link the kernel only says that it is no directory (open(2)).
  private static func openFailure(_ path: String) -> SystemError {
    let number = errno
    let isLink = FileStatus.at(path: path)?.kind == .link
    return SystemError(
      "open", isLink ? path + ", a symbolic link, which is not followed" : path, number: number)
  }

  /// Makes `path` with `mode` when it is missing (its parents with 0755), then opens it. One that
  /// is there is left as it is. Throws when it can be neither made nor opened.
  package convenience init(making path: String, mode: UInt32) throws(SystemError) {
    try Self.make(path, mode: mode)
    try self.init(path: path)
  }

  /// Makes a folder of its owner alone whose name begins like this and that nobody has; its path. Throws
  /// when it cannot be made.
  package static func makeUnique(_ beginning: String) throws(SystemError) -> String {
    // mkdtemp(3) writes the rest of the name over the Xs.
    var path = Array((beginning + "XXXXXX").utf8CString)
    guard unsafe mkdtemp(&path) != nil else { throw SystemError.last("mkdtemp", beginning) }
    return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Makes a folder and its missing parents (0755); nothing happens when something of that name is
  /// there. Throws when one of them cannot be made.
  package static func make(_ path: String, mode: UInt32) throws(SystemError) {
    let bytes = Array(path.utf8) + [0]
    if unsafe clinux_make_directory_at(AT_FDCWD, bytes, mode) == 0 {
      // mkdir(2) takes the umask away from the mode.
      guard unsafe chmod(path, mode) == 0 else { throw SystemError.last("chmod", path) }
      return
    }
    switch errno {
    case EEXIST: return
    case ENOENT:
      guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { break }
      try make(String(path[..<slash]), mode: 0o755)
      let result = unsafe clinux_make_directory_at(AT_FDCWD, bytes, mode)
      guard result == 0 || errno == EEXIST else { break }
      guard unsafe chmod(path, mode) == 0 else { throw SystemError.last("chmod", path) }
      return
    default: break
    }
    throw SystemError.last("mkdir", path)
  }

  /// Whether the path still leads to this directory.
  package var isInPlace: Bool {
    FileStatus.at(path: path).map { $0.isSameFile(as: status) } ?? false
  }

  /// A name's file without following a link; nil with `errno` when there is none.
  package func status(of name: [UInt8]) -> FileStatus? {
    FileStatus.at(number, name)
  }

  package func contains(_ name: [UInt8]) -> Bool {
    status(of: name) != nil
  }

  /// All names but `.` and `..`, in the order of their bytes. Throws when it cannot be listed.
  package func names() throws(SystemError) -> [[UInt8]] {
    var names: [[UInt8]] = []
    guard lseek(number, 0, SEEK_SET) == 0 else { throw SystemError.last("lseek", path) }
    var buffer = [UInt8](repeating: 0, count: Self.listingBytes)
    while true {
      let count = unsafe clinux_read_entries(number, &buffer, buffer.count)
      guard count >= 0 else { throw SystemError.last("getdents64", path) }
      if count == 0 { break }
      Self.collectNames(buffer[..<count], into: &names)
    }
    names.sort { $0.lexicographicallyPrecedes($1) }
    return names
  }

  /// Some of the names that were not read yet, in no order; none at the end. A folder of any size is
  /// gone through in small steps, from its opening on; `names()` leads to the end at once. A name that
  /// comes or goes meanwhile may or may not be among them (readdir(3)). Throws when it cannot be
  /// listed.
  package func nextNames() throws(SystemError) -> [[UInt8]] {
    var buffer = [UInt8](repeating: 0, count: Self.stepBytes)
    var names: [[UInt8]] = []
    // `.` and `..` may be all that a step finds.
    while names.isEmpty {
      let count = unsafe clinux_read_entries(number, &buffer, buffer.count)
      guard count >= 0 else { throw SystemError.last("getdents64", path) }
      if count == 0 { break }
      Self.collectNames(buffer[..<count], into: &names)
    }
    return names
  }

  /// The records of getdents64(2): inode (8 bytes), offset (8), length (2), type (1), name, NUL.
  private static func collectNames(_ entries: ArraySlice<UInt8>, into names: inout [[UInt8]]) {
    var rest = entries
    while let start = rest.indices.first {
      let length = Int(rest[start + 16]) | Int(rest[start + 17]) << 8
      let name = rest[(start + 19)..<(start + length)].prefix { $0 != 0 }
      if name != [UInt8(ascii: ".")] && name != [UInt8(ascii: "."), UInt8(ascii: ".")] {
        names.append(Array(name))
      }
      rest = rest.dropFirst(length)
    }
  }

  /// How a file in it is named in errors.
  package func path(of name: [UInt8]) -> String { path + "/" + ByteText.printable(name) }

  /// Moves a file, link or directory; never onto an existing name (EEXIST). Throws when the file
  /// system refuses.
  package func rename(
    _ name: [UInt8], to target: Directory, as newName: [UInt8]
  ) throws(SystemError) {
    let from = name + [0]
    let to = newName + [0]
    if unsafe clinux_rename_without_replacing(number, from, target.number, to) == 0 { return }
    let failure = errno
    let subject = { self.path(of: name) + " to " + target.path(of: newName) }
    // A file system without the flag says EINVAL (renameat2(2)); there the check comes first.
    guard failure == EINVAL else {
      throw SystemError("renameat2", subject(), number: failure)
    }
    guard !target.contains(newName) else {
      throw SystemError("renameat2", subject(), number: EEXIST)
    }
    guard unsafe clinux_rename_at(number, from, target.number, to) == 0 else {
      let failure = errno
      throw SystemError("renameat", subject(), number: failure)
    }
  }

  /// Whether files can be moved to `target`: not into another mount, even of the same file system.
  /// The kernel compares the mounts before it refuses to move `.` itself (EBUSY), so nothing moves.
  package func canRename(to target: Directory) -> Bool {
    let name = [UInt8(ascii: "."), 0]
    return unsafe clinux_rename_without_replacing(number, name, target.number, name) == 0
      || errno != EXDEV
  }

  /// Removes a file or link. Throws when it is not there or cannot be removed.
  package func remove(_ name: [UInt8]) throws(SystemError) {
    guard unsafe clinux_unlink_at(number, name + [0]) == 0 else {
      let failure = errno
      throw SystemError("unlinkat", path(of: name), number: failure)
    }
  }

  /// The time by the file system's own clock, which its files are stamped with: it need not be this
  /// process's. Touches the directory; nil when that is not possible (a read-only file system).
  package func fileSystemTime() -> WallTime? {
    guard clinux_touch(number) == 0 else { return nil }
    return FileStatus.of(number)?.changed
  }

  /// Keeps other processes from doing the same until this object goes (flock(2)); false when one
  /// has done it.
  package func lock() -> Bool { flock(number, LOCK_EX | LOCK_NB) == 0 }

  /// Makes names durable; the content of files is their own. Throws when the disk does not take
  /// them.
  package func sync() throws(SystemError) {
    guard fsync(number) == 0 else { throw SystemError.last("fsync", path) }
  }

  /// A temporary name where a directory has one writer, so that a crash leaves at most one behind.
  package static let temporaryName = Array(".unfinished.tmp".utf8)

  /// One that no other process has. What killed writers of the same file left is removed.
  private func ownTemporaryName(for name: [UInt8]) -> [UInt8] {
    let beginning = [UInt8(ascii: ".")] + name.prefix(200) + [UInt8(ascii: ".")]
    let ending = Array(".tmp".utf8)
    for left in (try? names()) ?? []
    where left.starts(with: beginning) && left.suffix(ending.count) == ending[...] {
      let number = left.dropFirst(beginning.count).dropLast(ending.count)
      guard number.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
        let process = pid_t(String(decoding: number, as: UTF8.self)), process > 0,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      _ = unsafe clinux_unlink_at(self.number, left + [0])
    }
    return beginning + Array(String(getpid()).utf8) + ending
  }

  /// What of a written file must outlive a power cut.
  package enum Durability: Sendable {
    /// Content and name.
    case full
    /// The content; the name becomes durable with a later `sync()`.
    case content
    /// Nothing: the file is made again when it is needed.
    case none
  }

  /// Writes a whole file, replacing one of that name: a reader sees the old content or all of the
  /// new, after a power cut too, unless its durability is `none`. It is this process's, unless
  /// `owner` says whose. `temporary` is the name that it has until it is whole, by default one
  /// of this process; a file that is left of that name is removed, so no other writer may use it. Throws
  /// when it cannot be written; then the old file is there as it was.
  package func writeWhole(
    _ name: [UInt8], _ bytes: [UInt8], mode: UInt32, durability: Durability = .full,
    owner: FileOwner? = nil, temporary: [UInt8]? = nil
  ) throws(SystemError) {
    let draft = try FileDraft(
      in: self, temporary: temporary ?? ownTemporaryName(for: name), for: name, bytes, mode: mode,
      owner: owner)
    try draft.place(as: name, durability)
  }

  /// Opens a file for reading, never through a link and never waiting for one (a pipe).
  func openForReading(_ name: [UInt8]) -> CInt {
    unsafe clinux_open_at(
      number, name + [0], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0)
  }
}
