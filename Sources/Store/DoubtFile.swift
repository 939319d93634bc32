import Glibc
import Platform

/// Says that the disk may have lost the record of an order that has left. Stands where it lasts as long
/// as the boot and does not depend on that disk.
///
/// Several databases may share the place: the mark has the database's own name, which goes with it wherever
/// it is moved. One without a name counts for every database.
struct DoubtFile {
  private let directory: String

  init(in directory: String) {
    self.directory = directory
  }

  func path(of database: String?) -> String {
    directory + "/armings-in-doubt" + (database.map { "." + $0 } ?? "")
  }

  /// The one that counts for the database; `nil` when there is none.
  func found(for database: String?) -> String? {
    [path(of: database), path(of: nil)].first { unsafe access($0, F_OK) == 0 }
  }

  /// Whether it could be made is not told: the daemon is ending over a worse failure, and the
  /// high-water file says the same.
  func make(of database: String?) {
    // Opening a pipe would wait for who reads from it (fifo(7)).
    let flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW
    let number = unsafe open(path(of: database), flags, 0o600)
    if number >= 0 { _ = FileDescriptor(owning: number) }
  }

  /// Takes away all that count for the database.
  func remove(for database: String?) {
    for path in [path(of: database), path(of: nil)] { _ = unsafe unlink(path) }
  }
}
