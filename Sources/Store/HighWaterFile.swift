import Glibc
import Platform

/// The file of the high-water mark. Only the holder of the state's lock writes it.
final class HighWaterFile {
  private let path: String
  private let file: FileDescriptor

  /// Beside the database at `path`.
  static func path(beside path: String) -> String { path + ".high-water" }

  /// Opens the file for writing, and makes it when it is missing, with mode 0600 and at its full
  /// size: later writes need no room.
  init(path: String) throws(StoreError) {
    self.path = path
    let size = HighWaterMark.recordBytes * HighWaterMark.places
    do throws(SystemError) {
      file = try ReservedFile.open(path, size: size, filledWith: UInt8(ascii: " "))
    } catch  where error.number == EINVAL {
      throw Self.notRegular(path)
    } catch {
      throw StoreError(number: error.number, "\(error.call.text) \(path)")
    }
  }

  private static func notRegular(_ path: String) -> StoreError {
    .unusablePath("\(path) is not a regular file")
  }

  /// Returns when the mark is on the disk. The size does not change, so that syncing the data is
  /// enough (fdatasync(2)).
  func write(_ mark: HighWaterMark) throws(StoreError) {
    try put(mark.record, at: mark.place * HighWaterMark.recordBytes)
    guard fdatasync(file.number) == 0 else { throw StoreError(number: errno, "sync \(path)") }
  }

  private func put(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
    do throws(SystemError) {
      try ReservedFile.put(bytes, in: file, of: path, at: offset)
    } catch {
      throw StoreError(number: error.number, "write \(path)")
    }
  }

  /// Reads the last mark. A file that was made and never written to counts as missing.
  static func read(_ path: String) throws(StoreError) -> HighWaterMark.Reading {
    // Opening a pipe would wait for who writes to it (fifo(7)).
    let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW
    let number = retryingInterrupts { unsafe open(path, flags) }
    guard number >= 0 else {
      if errno == ENOENT { return .missing }
      throw StoreError(number: errno, "open \(path)")
    }
    let file = FileDescriptor(owning: number)
    guard FileStatus.of(number)?.kind == .regular else { throw Self.notRegular(path) }
    var last: HighWaterMark?
    var isBlank = true
    for place in 0..<HighWaterMark.places {
      var record = [UInt8](repeating: 0, count: HighWaterMark.recordBytes)
      let count = retryingInterrupts {
        unsafe record.withUnsafeMutableBytes { buffer in
          unsafe pread(
            file.number, buffer.baseAddress, buffer.count,
            off_t(place * HighWaterMark.recordBytes))
        }
      }
      guard count >= 0 else { throw StoreError(number: errno, "read \(path)") }
      if record.prefix(count).contains(where: { $0 != 0 && $0 != UInt8(ascii: " ") }) {
        isBlank = false
      }
      guard count == record.count, let mark = HighWaterMark(record: record) else { continue }
      if mark.number > last?.number ?? 0 { last = mark }
    }
    return last.map { .mark($0) } ?? (isBlank ? .missing : .unreadable)
  }
}

extension HighWaterMark {
  /// What is noted beside the database at `path`. Throws when the file is there and cannot be read.
  package static func read(beside path: String) throws(StoreError) -> Reading {
    try HighWaterFile.read(HighWaterFile.path(beside: StoreLocation(path).path))
  }
}
