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
    let present = try regularSize(of: file, path)
    guard present < size else { return file }
    let missing = [UInt8](repeating: filler, count: size - present)
    try put(missing, in: file, of: path, at: present)
    guard fsync(number) == 0 else { throw SystemError.last("fsync", path) }
    // The name is durable when the folder is (fsync(2)).
    try Directory(path: path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".").sync()
    return file
  }

  /// Opens a file that is there, for reading only. Throws when that fails, and for what is no regular
  /// file (EINVAL).
  package static func openToRead(_ path: String) throws(SystemError) -> FileDescriptor {
    // Opening a pipe would wait for who writes to it (fifo(7)).
    let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW
    let number = retryingInterrupts { unsafe Glibc.open(path, flags) }
    guard number >= 0 else { throw SystemError.last("open", path) }
    let file = FileDescriptor(owning: number)
    _ = try regularSize(of: file, path)
    return file
  }

  private static func regularSize(
    of file: borrowing FileDescriptor, _ path: String
  ) throws(SystemError) -> Int {
    guard let status = FileStatus.of(file.number), status.kind == .regular else {
      throw SystemError("open", path, number: EINVAL)
    }
    return Int(status.size)
  }

  /// Reads so many bytes from this place, through the system's cache: fewer where the file ends. Throws
  /// when they cannot be read.
  package static func get(
    _ count: Int, from file: borrowing FileDescriptor, of path: String, at offset: Int
  ) throws(SystemError) -> [UInt8] {
    let number = file.number
    var bytes = [UInt8](repeating: 0, count: count)
    let length = retryingInterrupts {
      unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(number, buffer.baseAddress, buffer.count, off_t(offset))
      }
    }
    guard length >= 0 else { throw SystemError.last("pread", path) }
    bytes.removeLast(count - length)
    return bytes
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
