import Domain

/// The mark of what was armed, kept beside the database: where it stands, and that it is written.
final class HighWater {
  private let reader: StoreReader
  /// Names the present boot; `nil` where it is not known.
  private let boot: String?
  private let writer: HighWaterWriter?
  /// `nil` where there is no directory that lasts as long as the boot.
  private let doubtFile: DoubtFile?
  /// The name that the database had at the opening.
  private var database: String?
  /// The last mark that was read or noted.
  private(set) var mark = HighWaterMark(number: 0, armed: 0, head: .beginning)
  /// Whether the mark is still to be handed over to be written.
  private var isDue = false
  /// How many times an order was armed by commits that are not synced yet.
  private(set) var unsynced: Int64 = 0

  /// Whether the opening found that the disk may have lost what an earlier run had on it.
  private(set) var wasInDoubt = false

  /// The end of the history when it was last synced.
  private var lastSynced: HighWaterMark.Synced?
  /// The mark is of rows that a power cut took: the next sync puts one in its place that is not.
  private var hasLostTail = false

  /// Of a copy, and of a simulated disk: nothing is written.
  init(_ reader: StoreReader, boot: String?) {
    self.reader = reader
    self.boot = boot
    writer = nil
    doubtFile = nil
  }

  /// Throws when the system gives no pipe.
  init(
    _ reader: StoreReader, boot: String?, path: String, doubtFile: DoubtFile?
  ) throws(StoreError) {
    self.reader = reader
    self.boot = boot
    writer = try HighWaterWriter(HighWaterFile(path: path))
    self.doubtFile = doubtFile
  }

  /// Whether the database is where the file left it. Throws when it cannot be read, or the first mark
  /// cannot be written.
  func compare(with reading: HighWaterMark.Reading) throws(StoreError) -> Continuity {
    if case .mark(let mark) = reading { self.mark = mark }
    database = try IntakeLog.name(in: reader)
    if let doubt {
      wasInDoubt = true
      return .broken(doubt)
    }
    let continuity = try ContinuityCheck(reader, boot: boot).continuity(by: reading)
    guard continuity == .unbroken else { return continuity }
    switch reading {
    case .missing: try renew(to: reader.head())
    case .mark(let mark): hasLostTail = try !reader.holds(mark.head)
    case .unreadable: break
    }
    return continuity
  }

  /// Why the disk may have lost an arming under an earlier run; `nil` when it has not.
  private var doubt: String? {
    guard let path = doubtFile?.found(for: database) else { return nil }
    return "the disk failed under an earlier run, and may have lost that an order left (\(path))"
  }

  /// A commit has armed so many orders; its last row is `head`.
  func armed(_ count: Int64, _ head: ChainHead, isSynced: Bool) {
    unsynced += count
    mark = mark.next(armed: count, head: head, synced: isSynced ? nil : lastSynced)
    isDue = true
  }

  /// All of the history is synced, whose last row is `head`. Throws when a mark of what a power cut took
  /// cannot be replaced.
  func synced(to head: ChainHead) throws(StoreError) {
    unsynced = 0
    lastSynced = boot.map { HighWaterMark.Synced(head: head, boot: $0) }
    if hasLostTail {
      try renew(to: head)
    } else if mark.synced != nil {
      // No power cut takes its rows any more: a database without them is an older one, whatever the boot.
      mark = mark.next(armed: 0, head: mark.head, synced: nil)
      isDue = true
    }
  }

  /// Writes a mark of where the history stands, and waits for it. Throws when it cannot be written.
  func renew(to head: ChainHead) throws(StoreError) {
    hasLostTail = false
    try write(mark.next(armed: 0, head: head, synced: nil))
  }

  /// Some of what the disk did not confirm may be lost even while this boot lasts. `database` is the name
  /// by which the next opening will find it, if that is sure.
  func syncFailed(of database: String?) {
    guard unsynced > 0 else { return }
    doubtFile?.make(of: database)
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
  func clearDoubt() { doubtFile?.remove(for: database) }

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
