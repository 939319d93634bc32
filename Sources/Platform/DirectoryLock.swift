import Glibc

/// An exclusive lock on a file, held until the last owner lets go or the process ends, however it
/// ends (flock(2)).
package final class DirectoryLock {
  package enum Failure: Error, Hashable, Sendable {
    /// Another process holds it; its id when it wrote one.
    case heldByAnother(process: Int32?)
    case system(SystemError)
  }

  package let path: String
  private var descriptor: FileDescriptor

  /// Takes the lock on the file at `path`, which is made when it is missing, and writes the process
  /// id into it for people. The file stays when the lock goes: removing it would let two processes
  /// lock two files of one name. Throws when another process holds the lock, or the file cannot be
  /// made.
  package init(path: String) throws(Failure) {
    self.path = path
    descriptor = try Self.take(path)
  }

  /// Whether the path still leads to the locked file. Where it does not, another process may lock the one
  /// that is there.
  package var isInPlace: Bool {
    guard let named = FileStatus.at(path: path), let locked = FileStatus.of(descriptor.number)
    else { return false }
    return named.isSameFile(as: locked)
  }

  /// Takes the lock on the file that the path leads to now, and lets go of the one of before. Throws as the
  /// making of the lock does; then it is as it was.
  package func renew() throws(Failure) {
    if !isInPlace { descriptor = try Self.take(path) }
  }

  private static func take(_ path: String) throws(Failure) -> FileDescriptor {
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let number = unsafe open(path, flags, 0o600)
    guard number >= 0 else { throw .system(.last("open", path)) }
    let descriptor = FileDescriptor(owning: number)
    guard retryingInterrupts({ flock(number, LOCK_EX | LOCK_NB) }) == 0 else {
      throw errno == EWOULDBLOCK
        ? .heldByAnother(process: owner(in: number)) : .system(.last("flock", path))
    }
    // The lock holds without it: a full disk is no reason to fail.
    let text = Array("\(getpid())\n".utf8)
    if ftruncate(number, 0) == 0 { _ = unsafe pwrite(number, text, text.count, 0) }
    return descriptor
  }

  private static func owner(in descriptor: CInt) -> Int32? {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = unsafe pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: buffer[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
  }
}

extension DirectoryLock.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .heldByAnother(let process?): "another daemon (process \(process)) works here"
    case .heldByAnother(nil): "another daemon works here"
    case .system(let error): error.description
    }
  }
}
