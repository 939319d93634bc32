import Glibc
import Platform

/// Says that the disk may have lost the record of an order that has left. Stands where it lasts as long
/// as the boot and does not depend on that disk.
struct DoubtFile {
  let path: String

  init(in directory: String) {
    path = directory + "/armings-in-doubt"
  }

  var isThere: Bool { unsafe access(path, F_OK) == 0 }

  /// Whether it could be made is not told: the daemon is ending over a worse failure, and the
  /// high-water file says the same.
  func make() {
    // Opening a pipe would wait for who reads from it (fifo(7)).
    let flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW
    let number = unsafe open(path, flags, 0o600)
    if number >= 0 { _ = FileDescriptor(owning: number) }
  }

  func remove() { _ = unsafe unlink(path) }
}
