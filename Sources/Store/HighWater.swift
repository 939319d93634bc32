import Domain

/// The mark of what was armed, kept beside the database: where it stands, and that it is written.
final class HighWater {
  private let writer: HighWaterWriter?
  /// `nil` where there is no directory that lasts as long as the boot.
  private let doubtFile: DoubtFile?
  /// The last mark that was read or noted.
  private(set) var mark = HighWaterMark(number: 0, armed: 0, head: .beginning)
  /// Whether the mark is still to be handed over to be written.
  private var isDue = false
  /// How many times an order was armed by commits that are not synced yet.
  private(set) var unsynced: Int64 = 0

  /// Of a reader, and of a simulated disk: nothing is written.
  init() {
    writer = nil
    doubtFile = nil
  }

  /// Throws when the system gives no pipe.
  init(path: String, doubtFile: DoubtFile?) throws(StoreError) {
    writer = try HighWaterWriter(HighWaterFile(path: path))
    self.doubtFile = doubtFile
  }

  func begin(with mark: HighWaterMark) { self.mark = mark }

  /// Why the disk may have lost an arming under an earlier run; `nil` when it has not.
  var doubt: String? {
    guard let doubtFile, doubtFile.isThere else { return nil }
    return
      "the disk failed under an earlier run, and may have lost that an order left (\(doubtFile.path))"
  }

  /// A commit has armed so many orders; its last row is `head`, and `synced` is what a power cut leaves
  /// of it.
  func armed(_ count: Int64, _ head: ChainHead, synced: HighWaterMark.Synced?) {
    unsynced += count
    mark = mark.next(armed: count, head: head, synced: synced)
    isDue = true
  }

  func synced() { unsynced = 0 }

  /// Some of what the disk did not confirm may be lost even while this boot lasts.
  func syncFailed() {
    guard unsynced > 0 else { return }
    doubtFile?.make()
    flush()
  }

  /// The failure of a writing since the last call. Throws it.
  func check() throws(StoreError) {
    if let failure = writer?.takeFailure() { throw failure }
  }

  /// Writes the mark and waits for it. Throws when it cannot be written.
  func write(_ mark: HighWaterMark) throws(StoreError) {
    try writer?.write(mark)
    self.mark = mark
    isDue = false
  }

  /// Whatever was in doubt is on record.
  func clearDoubt() { doubtFile?.remove() }

  /// Has the mark written, and does not wait for it.
  func submit() {
    guard isDue else { return }
    isDue = false
    writer?.submit(mark)
  }

  /// Returns when the mark is on the disk, or has failed.
  func flush() {
    submit()
    writer?.flush()
  }

  func close() {
    submit()
    writer?.close()
  }
}
