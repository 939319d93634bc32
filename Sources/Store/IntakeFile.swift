import Platform

/// The blocks that an intake log is read from.
package protocol IntakeSource: AnyObject {
  /// A block as it was written last, in either way. Throws when it cannot be read.
  func read(_ block: Int) throws(StoreError) -> [UInt8]
}

/// Those that it is written to.
package protocol IntakeMedium: IntakeSource {
  /// Begins to write a block; it is on the disk when `wait` returns. Throws when the one before failed,
  /// or this one cannot begin.
  func write(_ bytes: [UInt8], to block: Int) throws(StoreError)
  /// Writes the beginning of a block that outlives the process, and not a power cut. Throws when it is
  /// not taken.
  func note(_ bytes: [UInt8], in block: Int) throws(StoreError)
  /// Returns when no write is under way. Throws when the last one failed.
  func wait() throws(StoreError)
}

/// The machine's own disk.
final class IntakeFile: IntakeMedium {
  static let size = Int64(IntakeLog.blocks * SyncedBlocks.blockBytes)

  private let blocks: SyncedBlocks

  /// Beside the database at `path`.
  static func path(beside path: String) -> String { path + ".intake" }

  /// Throws when the file system or the system does not carry it.
  init(path: String) throws(SystemError) {
    blocks = try SyncedBlocks(path: path, count: IntakeLog.blocks)
    // Some file systems take the flags and refuse what follows.
    _ = try blocks.read(0)
  }

  func write(_ bytes: [UInt8], to block: Int) throws(StoreError) {
    try Self.sorting { () throws(SystemError) in try blocks.write(bytes, to: block) }
  }

  func note(_ bytes: [UInt8], in block: Int) throws(StoreError) {
    try Self.sorting { () throws(SystemError) in try blocks.writeToCache(bytes, in: block) }
  }

  func wait() throws(StoreError) {
    try Self.sorting { () throws(SystemError) in try blocks.wait() }
  }

  func read(_ block: Int) throws(StoreError) -> [UInt8] {
    try Self.sorting { () throws(SystemError) in try blocks.read(block) }
  }

  /// Whatever it failed for, nobody knows what the disk holds now.
  private static func sorting<Result>(
    _ body: () throws(SystemError) -> Result
  ) throws(StoreError) -> Result {
    do throws(SystemError) {
      return try body()
    } catch {
      throw .ioFailure("\(error)")
    }
  }
}

/// What an earlier run has written, where this one cannot write: through the system's cache.
final class FormerIntakeFile: IntakeSource {
  private let path: String
  private let file: FileDescriptor

  /// Throws when it cannot be opened.
  init(path: String) throws(StoreError) {
    self.path = path
    do throws(SystemError) {
      file = try ReservedFile.openToRead(path)
    } catch {
      throw StoreError(error, opening: path)
    }
  }

  func read(_ block: Int) throws(StoreError) -> [UInt8] {
    do throws(SystemError) {
      return try ReservedFile.get(
        SyncedBlocks.blockBytes, from: file, of: path, at: block * SyncedBlocks.blockBytes)
    } catch {
      throw StoreError(number: error.number, "read \(path)")
    }
  }
}
