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
  case vanished
  case system(SystemError)
}

extension FileRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notRegular(let kind): "it is a \(kind.name), not a regular file"
    case .linked(let names): "it has \(names) names (hard links)"
    case .tooLarge(let size): "it is too large (\(size) bytes)"
    case .changedWhileRead: "it changed while it was read"
    case .vanished: "it is gone"
    case .system(let error): error.description
    }
  }
}

extension Directory {
  /// Reads a regular file that has one name and at most `maximumBytes`. Anything else is refused
  /// unread, and what is no regular file is not even opened.
  package func readRegularFile(
    _ name: [UInt8], maximumBytes: Int
  ) throws(FileRefusal) -> FileContent {
    guard let named = status(of: name) else { throw Self.refusal("fstatat", path) }
    try Self.check(named, maximumBytes: maximumBytes)
    let opened = openForReading(name)
    guard opened >= 0 else { throw Self.refusal("openat", path) }
    let file = FileDescriptor(owning: opened)
    // The name may lead elsewhere by now; what counts is what was opened.
    guard let before = FileStatus.of(file.number) else { throw Self.refusal("fstat", path) }
    try Self.check(before, maximumBytes: maximumBytes)
    let bytes = try Self.read(file.number, expecting: Int(before.size), subject: path)
    guard let after = FileStatus.of(file.number) else { throw Self.refusal("fstat", path) }
    guard after.size == before.size, bytes.count == Int(before.size),
      after.modifiedNanoseconds == before.modifiedNanoseconds
    else { throw .changedWhileRead }
    return FileContent(bytes: bytes, status: before)
  }

  private static func check(_ status: FileStatus, maximumBytes: Int) throws(FileRefusal) {
    guard status.kind == .regular else { throw .notRegular(status.kind) }
    guard status.size <= Int64(maximumBytes) else { throw .tooLarge(size: status.size) }
    guard status.links == 1 else {
      throw status.links == 0 ? .vanished : .linked(names: status.links)
    }
  }

  /// Up to one byte more than expected, which then shows that the file grew.
  private static func read(
    _ descriptor: CInt, expecting size: Int, subject: String
  ) throws(FileRefusal) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size + 1)
    var filled = 0
    while filled < bytes.count {
      let count = retryingInterrupts {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe Glibc.read(
            descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
        }
      }
      guard count >= 0 else { throw refusal("read", subject) }
      if count == 0 { break }
      filled += count
    }
    bytes.removeLast(bytes.count - filled)
    return bytes
  }

  private static func refusal(
    _ call: SystemError.StaticName, _ subject: String
  ) -> FileRefusal {
    let error = SystemError.last(call, subject)
    switch error.number {
    case ENOENT: return .vanished
    // Something else was put in its place after it was looked at (open(2)).
    case ELOOP: return .notRegular(.link)
    case ENXIO: return .notRegular(.socket)
    default: return .system(error)
    }
  }
}
