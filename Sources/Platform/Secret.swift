import CLinux

/// Bytes that nobody may read by accident: every description is one fixed word, and the memory is
/// overwritten when the last owner lets go.
@safe
package final class Secret: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private static let word = "(secret)"

  private let storage: UnsafeMutableBufferPointer<UInt8>

  /// Copies `bytes`. The caller's own copy is the caller's to `erase`.
  package init(copying bytes: Span<UInt8>) {
    unsafe storage = .allocate(capacity: bytes.count)
    for index in bytes.indices { unsafe storage.initializeElement(at: index, to: bytes[index]) }
  }

  package convenience init(copying bytes: [UInt8]) {
    self.init(copying: bytes.span)
  }

  /// Copies `bytes` and erases them.
  package convenience init(taking bytes: inout [UInt8]) {
    self.init(copying: bytes)
    Self.erase(&bytes)
  }

  /// `count` bytes, zero until `fill` writes them.
  package init(count: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) {
    unsafe storage = .allocate(capacity: count)
    unsafe storage.initialize(repeating: 0)
    var span = unsafe MutableSpan(_unsafeElements: storage)
    fill(&span)
  }

  deinit {
    unsafe clinux_erase(storage.baseAddress, storage.count)
    unsafe storage.deallocate()
  }

  package var count: Int { unsafe storage.count }

  /// Lends the bytes for the length of `body`. Throws what `body` does.
  package func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(storage)))
  }

  /// Whether both hold the same bytes. The time that it takes tells nothing but the lengths.
  package func equals(_ other: Secret) -> Bool {
    guard count == other.count else { return false }
    return withBytes { ours in
      other.withBytes { theirs in
        ours.indices.reduce(0 as UInt8) { $0 | (ours[$1] ^ theirs[$1]) } == 0
      }
    }
  }

  /// Overwrites `bytes` in place and empties the array. Other arrays that shared its memory keep
  /// theirs, so call it on the only reference.
  package static func erase(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe clinux_erase(buffer.baseAddress, buffer.count)
    }
    bytes.removeAll()
  }

  package var description: String { Self.word }
  package var debugDescription: String { Self.word }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Between `init` and `deinit` nobody writes to the memory.
extension Secret: @unchecked Sendable {}
