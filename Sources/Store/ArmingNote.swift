import Domain

/// That the order of a signal is about to leave, while the database does not know it: outlives the
/// process, and not a power cut, after which every signal that the database lost may have left.
struct ArmingNote {
  let signal: SignalID

  /// What stands where there is none.
  static let none: [UInt8] = [0]

  init(_ signal: SignalID) {
    self.signal = signal
  }

  /// The length of the signal's ID, the ID, and the database's name.
  func bytes(of database: [UInt8]) -> [UInt8] {
    let id = Array(signal.text.utf8)
    return [UInt8(id.count)] + id + database
  }

  /// `nil` for what is none, or is of another database.
  init?(_ block: [UInt8], of database: [UInt8]) {
    let length = Int(block.first ?? 0)
    let id = block.dropFirst().prefix(length)
    guard length > 0, block.dropFirst(1 + length).starts(with: database),
      let signal = SignalID(String(decoding: id, as: UTF8.self))
    else { return nil }
    self.signal = signal
  }
}
