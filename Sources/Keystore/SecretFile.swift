import Glibc
import Platform

/// Reading a small file with a secret in it.
enum SecretFile {
  /// Who else may have the file.
  enum Closure {
    /// Anybody.
    case open
    /// No other user, and no group but root's: systemd's own files are readable for their owner, or
    /// for the group root (systemd.exec(5)).
    case closed
    /// Nobody but its owner, who is one of these.
    case ownerOnly(of: Set<UInt32>)
  }

  /// No single secret comes near; it bounds what a wrong file costs.
  private static let maximumBytes = 4_096

  /// The content of a regular file; the caller erases it. Throws why it is not read.
  static func bytes(
    of path: String, _ closure: Closure, maximum: Int = maximumBytes, followsLinks: Bool = false
  ) throws(CredentialsError) -> [UInt8] {
    // O_NONBLOCK: a pipe that nobody writes to must not stop the start.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLinks ? 0 : O_NOFOLLOW)
    let opened = unsafe open(path, flags)
    guard opened >= 0 else {
      switch errno {
      case ENOENT, ENOTDIR: throw .absent(path: path)
      case ELOOP: throw .unreadable(path: path, reason: "it is a symbolic link")
      default: throw unreadable(path)
      }
    }
    let file = FileDescriptor(owning: opened)
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0 else { throw unreadable(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is no regular file")
    }
    try check(status, closure, path)
    guard status.st_size <= maximum else {
      throw .unreadable(path: path, reason: "it is larger than \(maximum) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: maximum)
    let count = retryingInterrupts {
      unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(file.number, buffer.baseAddress, buffer.count)
      }
    }
    guard count >= 0 else { throw unreadable(path) }
    defer { Secret.erase(&bytes) }
    return Array(bytes.prefix(count))
  }

  /// The content without the one line end that editors put last; the caller erases it. Throws why
  /// it is not read.
  static func line(
    of path: String, _ closure: Closure, followsLinks: Bool = false
  ) throws(CredentialsError) -> [UInt8] {
    var bytes = try bytes(of: path, closure, followsLinks: followsLinks)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return bytes
  }

  /// The content without any line end at its end, as a shell's `$(…)` leaves it: other programs read
  /// the same secret. The caller erases it. Throws why it is not read.
  static func secret(
    of path: String, _ closure: Closure, followsLinks: Bool = false
  ) throws(CredentialsError) -> [UInt8] {
    var bytes = try bytes(of: path, closure, followsLinks: followsLinks)
    while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") {
      bytes.removeLast()
    }
    return bytes
  }

  private static func check(
    _ status: stat, _ closure: Closure, _ path: String
  ) throws(CredentialsError) {
    let mode = UInt32(status.st_mode) & 0o7777
    switch closure {
    case .open: break
    case .closed:
      if mode & 0o007 != 0 || (mode & 0o060 != 0 && status.st_gid != 0) {
        throw .exposed(path: path, mode: mode)
      }
    case .ownerOnly(let owners):
      if mode & 0o077 != 0 { throw .exposed(path: path, mode: mode) }
      if !owners.contains(status.st_uid) { throw .foreignOwner(path: path, owner: status.st_uid) }
    }
  }

  private static func unreadable(_ path: String) -> CredentialsError {
    let error = SystemError.last("open")
    return .unreadable(
      path: path, reason: unsafe String(cString: strerror(error.number)),
      mayPass: error.mayPass(at: path))
  }
}
