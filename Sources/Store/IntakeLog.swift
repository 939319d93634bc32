import Domain

/// Signals on the disk before the database has them there. A signal is written as it was read, while it
/// is judged; the commit that accepts it need not be synced before its order leaves. A start under
/// another boot reads again what the database has lost.
///
/// A place is used again when the database was synced after it was written.
final class IntakeLog {
  static let places = 64

  private let medium: any IntakeMedium
  /// Names the database: no other takes what stands here.
  private let database: [UInt8]
  private let boot: String
  private var nextNumber: Int64 = 0
  /// What stands on the disk from before this run, oldest first.
  private let former: [IntakeRecord]
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

  /// Throws when it cannot be read.
  init(_ medium: any IntakeMedium, of database: [UInt8], boot: String) throws(StoreError) {
    self.medium = medium
    self.database = database
    self.boot = boot
    var found: [IntakeEntry] = []
    for place in 0..<Self.places {
      if let entry = IntakeEntry(try medium.read(place), of: database) { found.append(entry) }
    }
    found.sort { $0.number < $1.number }
    former = found.map(\.record)
    if let last = found.last { nextNumber = last.number + 1 }
    used = found.isEmpty ? 0 : Self.places
  }

  /// Begins to write a signal. One that finds no place is not covered. Throws when the write before it
  /// failed.
  func announce(
    _ id: SignalID, _ raw: [UInt8], from origin: SignalOrigin, arrivedAt: WallTime,
    readAt: WallTime
  ) throws(StoreError) {
    guard announced == nil, used < Self.places else { return }
    let record = IntakeRecord(
      raw: raw, origin: origin, arrivedAt: arrivedAt, readAt: readAt, boot: boot)
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
  func wait() throws(StoreError) { try medium.wait() }

  /// The turn is over; it has accepted or denied these signals.
  func turnEnded(with ids: [SignalID]) {
    if let announced, !ids.contains(announced.id) { refused = announced.place }
    announced = nil
  }

  /// What the database has of them is on the disk.
  func synced() { if isReadAgain || former.isEmpty { used = 0 } }

  /// What stands there from before this run, oldest first, to be read again in the next turn.
  func readAgain() -> [IntakeRecord] {
    isReadAgain = true
    return former
  }

  /// Takes away what was refused; nobody waits for it. That it fails shows at the next write.
  func clearRefused() {
    guard let place = refused.take() else { return }
    do throws(StoreError) { try medium.write([], to: place) } catch {}
  }
}
