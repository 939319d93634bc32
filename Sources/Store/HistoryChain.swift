import Cryptography

/// The last link of a history: a row of the event table and its hash.
///
/// Every row carries SHA-256 of the hash before it, followed by its own content. So nothing in a
/// history can be changed, taken out or moved without every later hash changing too, and whoever has
/// noted one head can hold the history up to it against that.
package struct ChainHead: Hashable, Sendable {
  /// The row's number; 0 when there is none yet.
  package let row: Int64
  package let hash: [UInt8]

  /// The length of a SHA-256 hash.
  package static let hashBytes = 32
  /// What the first row follows.
  package static let beginning = ChainHead(
    row: 0, hash: [UInt8](repeating: 0, count: hashBytes))

  package init(row: Int64, hash: [UInt8]) {
    self.row = row
    self.hash = hash
  }

  package var hashText: String { Hexadecimal.text(of: hash) }

}

/// The content of a row as bytes, behind the hash of the row that it follows: a mark for the kind of
/// each value, then the value at a length that is fixed or stated. No two rows have the same bytes. What
/// is stored hangs on this form: it never changes.
///
/// One row after the other takes the same memory.
struct CanonicalRow {
  fileprivate enum Mark: UInt8 {
    case null, integer, text
  }

  private var bytes: [UInt8] = []

  /// Room for the detail of an event and what stands beside it.
  private static let usualBytes = 1_024

  init() { bytes.reserveCapacity(Self.usualBytes) }

  /// The hash of the row that the values of `HistoryEvent.columns` make behind `head`.
  mutating func hash(of bindings: Bindings, after head: ChainHead) -> [UInt8] {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: head.hash)
    let fixed = bindings.values.count * (1 + Int64.bitWidth / 8)
    bytes.append(addingCapacity: fixed + bindings.bytes.count) { output in
      for value in bindings.values {
        switch value {
        case .null: output.append(Mark.null.rawValue)
        case .integer(let number): output.append(.integer, number)
        // The table has no column for a blob before the hash.
        case .text(let range), .blob(let range):
          output.append(.text, Int64(range.count))
          output.append(copying: bindings.bytes[range])
        }
      }
    }
    return Digest.sha256(bytes)
  }

  /// The hash of a row of `HistoryEvent.columns` behind `head`, byte for byte: a text that is no valid
  /// UTF-8 stays different from the one that a reader would make of it.
  mutating func hash(of row: Row, after head: ChainHead) -> [UInt8] {
    var bindings = Bindings()
    bindings.add(row.integer(0))
    bindings.add(row.integer(1))
    if row.isNull(2) { bindings.addNull() } else { bindings.add(blob: row.blob(2)) }
    bindings.add(row.optionalInteger(3))
    bindings.add(blob: row.blob(4))
    bindings.add(blob: row.blob(5))
    return hash(of: bindings, after: head)
  }
}

extension OutputSpan<UInt8> {
  /// The number is big-endian.
  fileprivate mutating func append(_ mark: CanonicalRow.Mark, _ number: Int64) {
    append(mark.rawValue)
    unsafe withUnsafeBytes(of: number.bigEndian) { unsafe append(copying: $0) }
  }

  fileprivate mutating func append(copying bytes: some Collection<UInt8>) {
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      count += unsafe buffer.extracting(count...).initialize(fromContentsOf: bytes)
    }
  }
}
