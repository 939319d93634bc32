import Domain
import Intake

/// How old a signal is that came in a file.
extension Oracle {
  func dropped(_ name: String, changedAt: WallTime) { changes[Array(name.utf8)] = changedAt }

  /// A file that waited has no fresh life: without a word about its beginning, the signal's life
  /// counts from the file's last change.
  func checkFileLife(_ order: Order, _ name: String, at wall: WallTime) {
    guard let record = shadow.signals[order.key.signal], case .file(let file) = record.origin,
      let changedAt = changes[file],
      let signal = try? SignalReader.read(record.raw, maximumBytes: record.raw.count),
      signal.createdAt == nil, case .timeToLive(let life) = signal.expiry
    else { return }
    let end = changedAt.advanced(by: life)
    if wall > end {
      world.fail(
        .fileLifeIsKept, name, "its file's life had ended \(wall.since(end)) before it left")
    }
  }
}
