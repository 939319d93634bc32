import Matching
import Store

/// The blocks beside the database: a write is on the disk when it was waited for, and before that it may
/// be there, not there, or there in part.
final class SimulatedIntake: IntakeMedium {
  private var blocks: [Int: [UInt8]] = [:]
  private var underWay: (block: Int, bytes: [UInt8])?
  /// The process that wrote is dead.
  var isHalted = false

  private static let dead = StoreError.ioFailure("the process is dead")

  func write(_ bytes: [UInt8], to block: Int) throws(StoreError) {
    try wait()
    underWay = (block, bytes)
  }

  func wait() throws(StoreError) {
    if isHalted { throw Self.dead }
    finish()
  }

  func read(_ block: Int) throws(StoreError) -> [UInt8] {
    try wait()
    return blocks[block] ?? []
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
    guard let write = underWay.take() else { return }
    var draw = SplitMix64(seed: seed, stream: "intake")
    switch draw.below(3) {
    case 0: break
    case 1: blocks[write.block] = write.bytes
    case _: blocks[write.block] = Array(write.bytes.prefix(draw.below(write.bytes.count + 1)))
    }
  }

  func copyDurable(_ other: SimulatedIntake) { blocks = other.blocks }
}
