import Glibc
import Platform

/// The right to write one state: an exclusive flock(2) on a file beside the database, held until this
/// value goes away. The kernel lets go of it however the process ends.
///
/// Never on the database itself: SQLite's own locks there belong to the process, and closing any
/// descriptor of that file would drop them (https://www.sqlite.org/howtocorrupt.html §2.2).
final class StateLock {
  private let descriptor: FileDescriptor

  /// Makes `path` if need be, with mode 0600.
  init(path: String) throws(StoreError) {
    // O_CLOEXEC: a child that inherited the descriptor would hold the lock after our end.
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let number = retryingInterrupts { unsafe open(path, flags, 0o600) }
    guard number >= 0 else { throw StoreError(number: errno, "open the lock \(path)") }
    descriptor = FileDescriptor(owning: number)
    guard retryingInterrupts({ flock(number, LOCK_EX | LOCK_NB) }) == 0 else {
      let reason = errno
      guard reason == EWOULDBLOCK else { throw StoreError(number: reason, "lock \(path)") }
      throw .heldByAnotherDaemon("\(Self.holder(number)) holds \(path)")
    }
    Self.sign(number)
  }

  deinit {
    // A child that another thread is making holds the descriptor until it runs its program; the lock
    // goes now all the same (flock(2): an unlock by any descriptor of the file releases it).
    _ = flock(descriptor.number, LOCK_UN)
  }

  /// Leaves our process id for whoever comes later; the lock holds without it, so that a full disk
  /// is no reason to fail here.
  private static func sign(_ number: CInt) {
    let text = Array("\(getpid())\n".utf8)
    guard ftruncate(number, 0) == 0 else { return }
    _ = unsafe text.withUnsafeBytes { unsafe pwrite(number, $0.baseAddress, $0.count, 0) }
  }

  private static func holder(_ number: CInt) -> String {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe pread(number, $0.baseAddress, $0.count, 0)
    }
    let digits = buffer.prefix(max(count, 0)).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    return digits.isEmpty
      ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
  }
}
