import Domain
import Intake
import Store

/// How old a signal is that came in a file.
struct FileLives {
  /// When each file was last changed, by the machine's clock of then.
  private var changes: [[UInt8]: WallTime] = [:]

  mutating func dropped(_ name: String, changedAt: WallTime) {
    changes[Array(name.utf8)] = changedAt
  }

  /// A file that waited has no fresh life: without a word about its beginning, the signal's life
  /// counts from the file's last change. nil for every other signal.
  func end(of record: SignalRecord) -> WallTime? {
    guard case .file(let file) = record.origin, let changedAt = changes[file],
      let signal = try? SignalReader.read(record.raw, maximumBytes: record.raw.count),
      signal.createdAt == nil, case .timeToLive(let life) = signal.expiry
    else { return nil }
    return changedAt.advanced(by: life)
  }
}
