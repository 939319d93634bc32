import CLinux
package import Domain
import Glibc

/// What stands behind a name or a descriptor.
package struct FileStatus: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case regular, directory, link, pipe, socket, device

    package var name: String {
      switch self {
      case .regular: "regular file"
      case .directory: "directory"
      case .link: "symbolic link"
      case .pipe: "pipe"
      case .socket: "socket"
      case .device: "device"
      }
    }
  }

  package let device: UInt64
  package let inode: UInt64
  package let links: UInt64
  package let size: Int64
  /// Nanoseconds since 1970 of the last change to the content.
  package let modifiedNanoseconds: Int64
  /// Nanoseconds since 1970 of the last change to content, name or links; nobody can set it.
  package let changedNanoseconds: Int64
  package let kind: Kind
  /// Permission bits.
  package let mode: UInt32
  package let owner: UInt32
  package let group: UInt32

  package var modified: WallTime { WallTime(milliseconds: modifiedNanoseconds / 1_000_000) }
  package var changed: WallTime { WallTime(milliseconds: changedNanoseconds / 1_000_000) }

  /// The later of both times, of those that `now` has seen: anybody can set the first into the
  /// future, and nobody the second.
  package func lastChange(before now: WallTime) -> WallTime {
    modified > changed && modified <= now ? modified : changed
  }

  /// The permission bits in octal, as chmod(1) takes them.
  package var modeText: String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  package func isSameFile(as other: FileStatus) -> Bool {
    device == other.device && inode == other.inode
  }

  /// fstat(2); nil with `errno` when it fails.
  package static func of(_ descriptor: CInt) -> FileStatus? {
    var raw = clinux_status()
    return unsafe clinux_status_of(descriptor, &raw) == 0 ? FileStatus(raw) : nil
  }

  /// lstat(2): a link is not followed. nil with `errno` when it fails.
  package static func at(path: String) -> FileStatus? {
    at(AT_FDCWD, Array(path.utf8))
  }

  static func at(_ directory: CInt, _ name: [UInt8]) -> FileStatus? {
    var raw = clinux_status()
    return unsafe clinux_status_at(directory, name + [0], &raw) == 0 ? FileStatus(raw) : nil
  }

  private init(_ raw: clinux_status) {
    device = raw.device
    inode = raw.inode
    links = raw.links
    size = raw.size
    modifiedNanoseconds = raw.modified
    changedNanoseconds = raw.changed
    mode = raw.mode & 0o7777
    owner = raw.owner
    group = raw.group
    switch raw.mode & UInt32(S_IFMT) {
    case UInt32(S_IFREG): kind = .regular
    case UInt32(S_IFDIR): kind = .directory
    case UInt32(S_IFLNK): kind = .link
    case UInt32(S_IFIFO): kind = .pipe
    case UInt32(S_IFSOCK): kind = .socket
    default: kind = .device
    }
  }
}

/// Whose a file is.
package struct FileOwner: Hashable, Sendable {
  package let user: UInt32
  package let group: UInt32

  package init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }

  /// Where this process is root's, it acts as the owner from here on, and what it makes is the owner's.
  /// Does nothing for another process, and for a file of root. Throws when the kernel refuses.
  package func become() throws(SystemError) {
    guard geteuid() == 0, user != 0 else { return }
    guard setegid(group) == 0, seteuid(user) == 0 else {
      throw SystemError.last("become the user", Accounts.user(user))
    }
  }
}
