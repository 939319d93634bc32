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
    let missing = [UInt8](repeating: filler, count: size - Int(status.size))
    try put(missing, in: file, of: path, at: Int(status.size))
    guard fsync(number) == 0 else { throw SystemError.last("fsync", path) }
    // The name is durable when the folder is (fsync(2)).
    try Directory(path: path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".").sync()
    return file
  }

  /// Writes all of the bytes to this place of an open file, into the system's cache. Throws when they
  /// are not taken.
  package static func put(
    _ bytes: [UInt8], in file: borrowing FileDescriptor, of path: String, at offset: Int
  ) throws(SystemError) {
    let number = file.number
    var done = 0
    while done < bytes.count {
      let count = retryingInterrupts {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe pwrite(
            number, buffer.baseAddress?.advanced(by: done), buffer.count - done,
            off_t(offset + done))
        }
      }
      guard count > 0 else { throw SystemError("pwrite", path, number: count < 0 ? errno : EIO) }
      done += count
    }
  }
}
