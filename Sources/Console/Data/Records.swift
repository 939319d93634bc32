import Platform
import Store

/// The daemon's database, for reading, on one thread: opened when it is first asked for, and again
/// when another file has taken its place or it could not be read.
final class Records {
  private let path: String
  private var opened: (reader: HistoryReader, file: FileStatus?)?

  init(_ path: String) {
    self.path = path
  }

  /// What `body` reads, all of one moment. Throws why nothing can be read now.
  func read<Value>(
    _ body: (StoreReader) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try history { reader throws(StoreError) in try body(reader.store) }
  }

  /// The same for the history row by row.
  func history<Value>(
    _ body: (HistoryReader) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let present = FileStatus.at(path: path)
    if let present, let file = opened?.file, !present.isSameFile(as: file) { opened = nil }
    do throws(StoreError) {
      let reader: HistoryReader
      if let opened {
        reader = opened.reader
      } else {
        reader = try HistoryReader(StoreReader(path: path))
      }
      opened = (reader, present)
      return try reader.store.snapshot { () throws(StoreError) in try body(reader) }
    } catch {
      opened = nil
      throw error
    }
  }
}
