import CLinux
import Glibc

/// A whole file under a temporary name, before it is made durable and gets its own. One that is never
/// placed goes with this object.
package final class FileDraft {
  private let directory: Directory
  /// Ends with a zero.
  private let temporary: [UInt8]
  private let file: FileDescriptor
  private var isPlaced = false

  /// Writes `bytes` into a new file in `directory`. A file that is left under the temporary name is
  /// removed, so no other writer may use it. The file is this process's, unless `owner` says whose.
  /// Errors call it `name`. Throws when it cannot be written.
  package init(
    in directory: Directory, temporary: [UInt8], for name: [UInt8], _ bytes: [UInt8],
    mode: UInt32, owner: FileOwner? = nil
  ) throws(SystemError) {
    self.directory = directory
    let temporary = temporary + [0]
    self.temporary = temporary
    let path = directory.path(of: name)
    _ = unsafe clinux_unlink_at(directory.number, temporary)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let opened = unsafe clinux_open_at(directory.number, temporary, flags, mode)
    guard opened >= 0 else { throw SystemError.last("openat", path) }
    file = FileDescriptor(owning: opened)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = retryingInterrupts {
        unsafe rest.withUnsafeBytes { unsafe write(file.number, $0.baseAddress, $0.count) }
      }
      guard count >= 0 else { throw SystemError.last("write", path) }
      rest = rest.dropFirst(count)
    }
    if let owner, fchown(file.number, owner.user, owner.group) != 0 {
      throw SystemError.last("fchown", path)
    }
    guard fchmod(file.number, mode) == 0 else { throw SystemError.last("fchmod", path) }
  }

  deinit {
    if !isPlaced { _ = unsafe clinux_unlink_at(directory.number, temporary) }
  }

  /// Gives the file its name, in place of one that has it. Throws when the disk does not take it; then
  /// the old file is there as it was.
  package func place(
    as name: [UInt8], _ durability: Directory.Durability
  ) throws(SystemError) {
    let path = directory.path(of: name)
    if durability != .none, fsync(file.number) != 0 { throw SystemError.last("fsync", path) }
    guard unsafe clinux_rename_at(directory.number, temporary, directory.number, name + [0]) == 0
    else { throw SystemError.last("renameat", path) }
    isPlaced = true
    if durability == .full { try directory.sync() }
  }
}
