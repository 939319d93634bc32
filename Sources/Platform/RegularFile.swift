import CLinux
import Glibc

/// A file that was read whole, and what it was at that moment.
package struct FileContent: Sendable {
  package let bytes: [UInt8]
  package let status: FileStatus
}

/// Why a file was not read.
package enum FileRefusal: Error, Hashable, Sendable {
  case notRegular(FileStatus.Kind)
  /// Another name leads to the same file, so somebody else could still change it.
  case linked(names: UInt64)
  case tooLarge(size: Int64)
  /// Somebody wrote while it was read; what was read may be half of it.
  case changedWhileRead
  /// Somebody has it open for writing.
  case openForWriting
  case vanished
  /// Its mode and owner do not let this process read it.
  case forbidden(FileStatus)
  case system(SystemError)
}

extension FileRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notRegular(let kind): "it is a \(kind.name), not a regular file"
    case .linked(let names): "it has \(names) names (hard links)"
    case .tooLarge(let size): "it is too large (\(size) bytes)"
    case .changedWhileRead: "it changed while it was read"
    case .openForWriting: "it is open for writing"
    case .vanished: "it is gone"
    case .forbidden(let status):
      "it may not be read: its mode is \(status.modeText), its owner \(status.owner), "
        + "its group \(status.group)"
    case .system(let error): error.description
    }
  }
}

extension Directory {
  /// Reads a regular file that has one name, or `mayBeLinked`, and at most `maximumBytes`. Anything
  /// else is refused unread, and what is no regular file is not even opened.
  ///
  /// `unlessOpenForWriting` refuses a file that somebody has open for writing, as far as the kernel
  /// tells: it does for files of this process's user, and of any user where the process has the
  /// capability CAP_LEASE; it does not on most network file systems. `status` is what the name led to a
  /// moment ago, for who has looked. Throws why it is not read.
  package func readRegularFile(
    _ name: [UInt8], maximumBytes: Int, unlessOpenForWriting: Bool = false,
    mayBeLinked: Bool = false, status: FileStatus? = nil
  ) throws(FileRefusal) -> FileContent {
    guard let named = status ?? self.status(of: name) else { throw refusal("fstatat", name) }
    try Self.check(named, maximumBytes, mayBeLinked)
    let opened = openForReading(name)
    guard opened >= 0 else {
      if errno == EACCES || errno == EPERM { throw .forbidden(named) }
      throw refusal("openat", name)
    }
    let file = FileDescriptor(owning: opened)
    // The name may lead elsewhere by now; what counts is what was opened.
    guard let before = FileStatus.of(file.number) else { throw refusal("fstat", name) }
    try Self.check(before, maximumBytes, mayBeLinked)
    if unlessOpenForWriting, clinux_is_open_for_writing(file.number) == 1 {
      throw .openForWriting
    }
    let bytes = try read(file.number, expecting: Int(before.size), name)
    guard let after = FileStatus.of(file.number) else { throw refusal("fstat", name) }
    guard after.size == before.size, bytes.count == Int(before.size),
      after.modifiedNanoseconds == before.modifiedNanoseconds
    else { throw .changedWhileRead }
    return FileContent(bytes: bytes, status: before)
  }

  private static func check(
    _ status: FileStatus, _ maximumBytes: Int, _ mayBeLinked: Bool
  ) throws(FileRefusal) {
    guard status.kind == .regular else { throw .notRegular(status.kind) }
    guard status.size <= Int64(maximumBytes) else { throw .tooLarge(size: status.size) }
    guard status.links == 1 || mayBeLinked && status.links > 0 else {
      throw status.links == 0 ? .vanished : .linked(names: status.links)
    }
  }

  /// What is expected, if it is there: a file that grew shows in its size afterwards.
  private func read(
    _ descriptor: CInt, expecting size: Int, _ name: [UInt8]
  ) throws(FileRefusal) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    var filled = 0
    while filled < bytes.count {
      let count = retryingInterrupts {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe Glibc.read(
            descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
        }
      }
      guard count >= 0 else { throw refusal("read", name) }
      if count == 0 { break }
      filled += count
    }
    bytes.removeLast(bytes.count - filled)
    return bytes
  }

  private func refusal(_ call: SystemError.StaticName, _ name: [UInt8]) -> FileRefusal {
    let number = errno
    switch number {
    case ENOENT: return .vanished
    // Something else was put in its place after it was looked at (open(2)).
    case ELOOP: return .notRegular(.link)
    case ENXIO: return .notRegular(.socket)
    default: return .system(SystemError(call, path(of: name), number: number))
    }
  }
}
