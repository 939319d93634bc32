import Glibc

/// A file of a fixed size that has all of its room on the disk: later writes need none.
package enum ReservedFile {
  /// Opens the file for reading and writing, and makes it when it is missing, with mode 0600. What it
  /// lacks of its size is filled up, and is on the disk when this returns. Throws when that fails, and
  /// for what is no regular file (EINVAL).
  package static func open(
    _ path: String, size: Int, filledWith filler: UInt8
  ) throws(SystemError) -> FileDescriptor {
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let number = retryingInterrupts { unsafe Glibc.open(path, flags, 0o600) }
    guard number >= 0 else { throw SystemError.last("open", path) }
    let file = FileDescriptor(owning: number)
    guard let status = FileStatus.of(number), status.kind == .regular else {
      throw SystemError("open", path, number: EINVAL)
    }
    guard status.size < size else { return file }
    try fill(number, path, from: Int(status.size), to: size, with: filler)
    guard fsync(number) == 0 else { throw SystemError.last("fsync", path) }
    // The name is durable when the folder is (fsync(2)).
    try Directory(path: path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".").sync()
    return file
  }

  private static func fill(
    _ number: CInt, _ path: String, from start: Int, to size: Int, with filler: UInt8
  ) throws(SystemError) {
    let missing = [UInt8](repeating: filler, count: size - start)
    var done = 0
    while done < missing.count {
      let count = retryingInterrupts {
        unsafe pwrite(number, missing, missing.count - done, off_t(start + done))
      }
      guard count > 0 else { throw SystemError("pwrite", path, number: count < 0 ? errno : EIO) }
      done += count
    }
  }
}
