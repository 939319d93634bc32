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
