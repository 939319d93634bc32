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
    } catch {
      throw StoreError(error, opening: path)
    }
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
    let file: FileDescriptor
    do throws(SystemError) {
      file = try ReservedFile.openToRead(path)
    } catch  where error.number == ENOENT {
      return .missing
    } catch {
      throw StoreError(error, opening: path)
    }
    var last: HighWaterMark?
    var isBlank = true
    for place in 0..<HighWaterMark.places {
      let record: [UInt8]
      do throws(SystemError) {
        record = try ReservedFile.get(
          HighWaterMark.recordBytes, from: file, of: path, at: place * HighWaterMark.recordBytes)
      } catch {
        throw StoreError(number: error.number, "read \(path)")
      }
      if record.contains(where: { $0 != 0 && $0 != UInt8(ascii: " ") }) { isBlank = false }
      guard record.count == HighWaterMark.recordBytes, let mark = HighWaterMark(record: record)
      else { continue }
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
