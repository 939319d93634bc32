import Glibc
import Platform
import TestKit
import Testing

/// Blocks that are on the disk when their write is over.
@Suite struct SyncedBlocksTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func blocks() throws -> SyncedBlocks {
    try SyncedBlocks(path: scratch("blocks"), count: 4)
  }

  private func block(_ start: [UInt8]) -> [UInt8] {
    start + [UInt8](repeating: 0, count: SyncedBlocks.blockBytes - start.count)
  }

  @Test func `what was written is read again by the next`() throws {
    do {
      let blocks = try blocks()
      try blocks.write([1, 2, 3], to: 2)
      try blocks.write([4], to: 3)
      try blocks.wait()
      try blocks.wait()
    }
    let blocks = try blocks()
    #expect(try blocks.read(0) == block([]))
    #expect(try blocks.read(2) == block([1, 2, 3]))
    #expect(try blocks.read(3) == block([4]))
  }

  @Test func `a write that nobody waits for is over when its owner is gone`() throws {
    do { try blocks().write([7], to: 0) }
    #expect(try blocks().read(0) == block([7]))
  }

  @Test func `a shorter block leaves nothing of the former`() throws {
    let blocks = try blocks()
    try blocks.write([1, 2, 3], to: 1)
    try blocks.write([9], to: 1)
    #expect(try blocks.read(1) == block([9]))
  }

  @Test func `the file is its owner's alone, and as long as it will be`() throws {
    _ = try blocks()
    let status = try #require(FileStatus.at(path: scratch("blocks")))
    #expect(status.size == 4 * Int64(SyncedBlocks.blockBytes))
    #expect(status.mode & 0o777 == 0o600)
  }

  @Test func `a link and a folder are refused`() throws {
    #expect(unsafe symlink("elsewhere", scratch("link")) == 0)
    #expect(throws: SystemError.self) { try SyncedBlocks(path: scratch("link"), count: 1) }
    #expect(throws: SystemError.self) { try SyncedBlocks(path: scratch(""), count: 1) }
  }
}
