import Cryptography
import Domain
import JSON

/// Signals on the disk before the database has them there. A signal is written as it was read, while it
/// is judged; its order leaves when that is on the disk and the arming is noted. The database takes both
/// afterwards. A start reads again what the database has lost: under another boot every signal, under
/// the same boot that of the note, since all others have not left.
///
/// A place is used again when the database was synced after it was written.
final class IntakeLog {
  static let places = 64
  /// The last one is that of the note.
  static let blocks = places + 1

  /// `nil` when nothing can be written: then it only tells what an earlier run wrote.
  private let medium: (any IntakeMedium)?
  /// Names the database: no other takes what stands here.
  private let database: [UInt8]
  /// `nil` where it is not known, and nothing is written.
  private let boot: String?
  private var nextNumber: Int64 = 0
  /// What stands on the disk from before this run and is not on record yet, oldest first.
  private(set) var former: [IntakeRecord]
  /// What stood in the note of an earlier run, until it is on record that its order may have left.
  private(set) var formerNote: ArmingNote?
  /// Whether the note tells what the database does not know yet.
  private var isNoted = false
  /// Whether it tells what the database knows.
  private var hasOldNote = false
  /// Whether that was read again; the next turn has it.
  private var isReadAgain = false
  /// How many places the database needs until it is synced. What is from before this run needs them
  /// all: it is read again in the first turn.
  private var used: Int
  /// The signal that the turn has written. A second one is left to the commit: to wait for the write of
  /// the first would cost as much.
  private var announced: (id: SignalID, place: Int)?
  /// Holds a signal that was refused: nothing of it ever left.
  private var refused: Int?

  /// Throws when it or the database cannot be read.
  init(
    from source: any IntakeSource, writingTo medium: (any IntakeMedium)?, _ reader: StoreReader,
    boot: String?
  ) throws(StoreError) {
    self.medium = medium
    self.boot = boot
    let name = try Self.name(in: reader) ?? Hexadecimal.text(of: Digest.randomBytes(16))
    database = Array(name.utf8)
    var found: [IntakeEntry] = []
    for place in 0..<Self.places {
      if let entry = IntakeEntry(try source.read(place), of: database) { found.append(entry) }
    }
    found.sort { $0.number < $1.number }
    former = found.map(\.record)
    if let last = found.last { nextNumber = last.number + 1 }
    used = found.isEmpty ? 0 : Self.places
    formerNote = ArmingNote(try source.read(Self.places), of: database)
  }

  /// The name of a database that has had an intake log.
  static func name(in reader: StoreReader) throws(StoreError) -> String? {
    try reader.setting(.intake) { $0["database"]?.stringValue }
  }

  /// That of the database.
  var name: String { String(decoding: database, as: UTF8.self) }

  /// By it the database keeps its name, from the first turn on.
  var setting: JSONValue { ["database": .string(name)] }

  /// Begins to write a signal. One that finds no place is not covered. Throws when the write before it
  /// failed.
  func announce(
    _ id: SignalID, _ raw: [UInt8], from origin: SignalOrigin, arrivedAt: WallTime,
    readAt: WallTime
  ) throws(StoreError) {
    guard let medium, let boot, announced == nil, used < Self.places else { return }
    let record = IntakeRecord(
      id: id, raw: raw, origin: origin, arrivedAt: arrivedAt, readAt: readAt, boot: boot)
    guard let block = IntakeEntry(number: nextNumber, record: record).block(of: database) else {
      return
    }
    let place = Int(nextNumber % Int64(Self.places))
    try medium.write(block, to: place)
    nextNumber += 1
    used += 1
    announced = (id, place)
  }

  var hasAnnounced: Bool { announced != nil }

  /// Whether signals are on the disk once `wait` returns.
  func covers(_ ids: [SignalID]) -> Bool {
    !ids.isEmpty && ids.allSatisfy { $0 == announced?.id }
  }

  /// Throws when the signal that was announced is not on the disk.
  func wait() throws(StoreError) { try medium?.wait() }

  /// Whether there is room for a note: the last one is on record.
  var takesNote: Bool { medium != nil && !isNoted && formerNote == nil }

  /// The order of this signal is about to leave, and the log `takesNote`. Throws when the disk does not
  /// take it.
  func note(_ id: SignalID) throws(StoreError) {
    try medium?.note(ArmingNote(id).bytes(of: database), in: Self.places)
    isNoted = true
  }

  /// The database has what was noted.
  func recorded() {
    if isNoted { hasOldNote = true }
    isNoted = false
  }

  /// The turn is over; it has accepted or denied these signals.
  func turnEnded(with ids: [SignalID]) {
    if let announced, !ids.contains(announced.id) { refused = announced.place }
    announced = nil
  }

  /// What the database has of them is on the disk.
  func synced() {
    guard isReadAgain || former.isEmpty && formerNote == nil else { return }
    used = 0
    former = []
    if formerNote.take() != nil { hasOldNote = true }
  }

  /// What stands there from before this run, oldest first, to be read again in the next turn.
  func readAgain() -> [IntakeRecord] {
    isReadAgain = true
    return former
  }

  /// The turn that has what was read again was undone: the database still lacks it.
  func readingUndone() { isReadAgain = false }

  /// Takes away what was refused, and a note that the database does not need; nobody waits for it. That
  /// it fails shows at the next write, and a note that stays keeps an order from being sent, at worst.
  func tidy() {
    guard let medium else { return }
    do throws(StoreError) {
      if let place = refused.take() { try medium.write([], to: place) }
      guard hasOldNote, !isNoted else { return }
      hasOldNote = false
      try medium.note(ArmingNote.none, in: Self.places)
    } catch {}
  }
}
