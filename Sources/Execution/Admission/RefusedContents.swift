/// The contents of signals that were refused and whose ids stayed free: whoever has seen such a signal of a
/// source that is gone could send it for ever, and only the first time counts as heard of the source.
struct RefusedContents: Sendable {
  /// In the order in which they came.
  private var digests: [[UInt8]] = []
  private var known: Set<[UInt8]> = []

  /// Of more than these the oldest is forgotten.
  private static let most = 1_024

  /// Whether the content comes for the first time.
  mutating func take(_ digest: [UInt8]) -> Bool {
    guard known.insert(digest).inserted else { return false }
    if digests.count >= Self.most { known.remove(digests.removeFirst()) }
    digests.append(digest)
    return true
  }
}
