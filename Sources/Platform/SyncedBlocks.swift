import CLinux
import Glibc

/// A file of a fixed number of blocks. A block that is written is on the disk when the write is over,
/// and the caller goes on meanwhile: past the system's cache (O_DIRECT and O_DSYNC, open(2)) and
/// asynchronously (io_submit(2)). One write at a time.
@safe
package final class SyncedBlocks {
  /// What every disk that can be written past the cache takes at once.
  package static let blockBytes = 4_096

  private let path: String
  private let file: FileDescriptor
  /// The same file through the system's cache.
  private let cached: FileDescriptor
  private let context: UInt64
  /// The block that is written or read: at an address that the disk takes.
  private let buffer: UnsafeMutableRawPointer
  /// A write is under way, and has the buffer.
  private var isUnderWay = false

  /// Opens the file, and makes it when it is missing, with mode 0600 and at its full size: later writes
  /// need no room. Throws when the file system or the system does not carry it.
  package init(path: String, count: Int) throws(SystemError) {
    self.path = path
    // Blocks that were never written would each cost the file system a note of its own.
    cached = try ReservedFile.open(path, size: count * Self.blockBytes, filledWith: 0)
    let number = retryingInterrupts { unsafe clinux_open_direct(path) }
    guard number >= 0 else { throw SystemError.last("open", path) }
    file = FileDescriptor(owning: number)
    var context: UInt64 = 0
    guard unsafe clinux_begin_writes(&context) == 0 else {
      throw SystemError.last("io_setup", path)
    }
    self.context = context
    unsafe buffer = UnsafeMutableRawPointer.allocate(
      byteCount: Self.blockBytes, alignment: Self.blockBytes)
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0, count: Self.blockBytes)
  }

  deinit {
    // The kernel reads the buffer until the write is over, however it ends.
    if isUnderWay { _ = clinux_await_write(context) }
    clinux_end_writes(context)
    unsafe buffer.deallocate()
  }

  /// Begins to write a block, filled up with zeros, after the write before it is over. Throws when that
  /// one failed, or this one cannot begin.
  package func write(_ bytes: [UInt8], to block: Int) throws(SystemError) {
    invariant(bytes.count <= Self.blockBytes, "a block holds what is written to it")
    try wait()
    unsafe buffer.copyMemory(from: bytes, byteCount: bytes.count)
    let rest = Self.blockBytes - bytes.count
    unsafe (buffer + bytes.count).initializeMemory(as: UInt8.self, repeating: 0, count: rest)
    let begun = unsafe clinux_submit_write(
      context, file.number, buffer, Self.blockBytes, Int64(block * Self.blockBytes))
    guard begun == 1 else { throw SystemError.last("io_submit", path) }
    isUnderWay = true
  }

  /// Returns when no write is under way. Throws when the last one failed.
  package func wait() throws(SystemError) {
    guard isUnderWay else { return }
    isUnderWay = false
    let count = clinux_await_write(context)
    guard count == Self.blockBytes else {
      throw SystemError("io_getevents", path, number: count < 0 ? CInt(-count) : EIO)
    }
  }

  /// Writes the beginning of a block that only has to outlive the process: into the system's cache, from
  /// where it reaches the disk some time later. Throws when it is not taken.
  package func writeToCache(_ bytes: [UInt8], in block: Int) throws(SystemError) {
    invariant(bytes.count <= Self.blockBytes, "a block holds what is written to it")
    let count = retryingInterrupts {
      unsafe pwrite(cached.number, bytes, bytes.count, off_t(block * Self.blockBytes))
    }
    guard count == bytes.count else {
      throw SystemError("pwrite", path, number: count < 0 ? errno : EIO)
    }
  }

  /// A block as it was written last, in either way. Throws when it cannot be read.
  package func read(_ block: Int) throws(SystemError) -> [UInt8] {
    try wait()
    let count = retryingInterrupts {
      unsafe pread(file.number, buffer, Self.blockBytes, off_t(block * Self.blockBytes))
    }
    guard count == Self.blockBytes else {
      throw SystemError("pread", path, number: count < 0 ? errno : EIO)
    }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: buffer, count: count))
  }
}
