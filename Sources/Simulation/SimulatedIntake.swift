import Domain
import Matching
import Store

/// The blocks beside the database: a write is on the disk when it was waited for, and before that it may
/// be there, not there, or there in part.
final class SimulatedIntake: IntakeMedium {
  private var blocks: [Int: [UInt8]] = [:]
  private var underWay: (block: Int, bytes: [UInt8])?
  /// Blocks that only the system's cache has.
  private var cached: [Int: [UInt8]] = [:]
  private var noteBlock: Int?
  /// A planted fault: what is written to the cache is lost with the process.
  var losesNotes = false
  /// The process that wrote is dead.
  var isHalted = false

  private static let dead = StoreError.ioFailure("the process is dead")

  func write(_ bytes: [UInt8], to block: Int) throws(StoreError) {
    try wait()
    underWay = (block, bytes)
  }

  func note(_ bytes: [UInt8], in block: Int) throws(StoreError) {
    if isHalted { throw Self.dead }
    if losesNotes { return }
    cached[block] = bytes
    noteBlock = block
  }

  /// The signal whose order was about to leave, as a note tells it: the length of its ID, and the ID.
  var notedSignal: SignalID? {
    let block = noteBlock.flatMap { cached[$0] ?? blocks[$0] } ?? []
    let id = block.dropFirst().prefix(Int(block.first ?? 0))
    return SignalID(String(decoding: id, as: UTF8.self))
  }

  func wait() throws(StoreError) {
    if isHalted { throw Self.dead }
    finish()
  }

  func read(_ block: Int) throws(StoreError) -> [UInt8] {
    try wait()
    return cached[block] ?? blocks[block] ?? []
  }

  private func finish() {
    if let write = underWay.take() { blocks[write.block] = write.bytes }
  }

  /// What the kernel was given, it writes.
  func restart() {
    finish()
    isHalted = false
  }

  func losePower(seed: UInt64) {
    var draw = SplitMix64(seed: seed, stream: "intake")
    if draw.below(2) == 0 { blocks.merge(cached) { _, new in new } }
    cached = [:]
    guard let write = underWay.take() else { return }
    switch draw.below(3) {
    case 0: break
    case 1: blocks[write.block] = write.bytes
    case _: blocks[write.block] = Array(write.bytes.prefix(draw.below(write.bytes.count + 1)))
    }
  }

  func copyDurable(_ other: SimulatedIntake) { blocks = other.blocks }
}
