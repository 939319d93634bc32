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

  /// The hash of a row that follows this one.
  func hash(following row: CanonicalRow) -> [UInt8] {
    Digest.sha256(hash + row.bytes)
  }
}

/// The content of a row as bytes: a mark for the kind of each value, then the value at a length that
/// is fixed or stated. No two rows have the same bytes. What is stored hangs on this form: it never
/// changes.
struct CanonicalRow {
  private enum Mark: UInt8 {
    case null, integer, text
  }

  private(set) var bytes: [UInt8]

  /// Room for the detail of an event and what stands beside it.
  private static let usualBytes = 1_024

  private init() {
    bytes = []
    bytes.reserveCapacity(Self.usualBytes)
  }

  mutating func add(_ number: Int64?) {
    guard let number else { return bytes.append(Mark.null.rawValue) }
    bytes.append(Mark.integer.rawValue)
    add(bigEndian: number)
  }

  mutating func add(text: [UInt8]?) {
    guard let text else { return bytes.append(Mark.null.rawValue) }
    put(text)
  }

  private mutating func put(_ text: some Collection<UInt8>) {
    bytes.append(Mark.text.rawValue)
    add(bigEndian: Int64(text.count))
    bytes.append(contentsOf: text)
  }

  private mutating func add(bigEndian number: Int64) {
    unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
  }
}

extension CanonicalRow {
  /// The row that the values of `HistoryEvent.columns` make.
  init(_ bindings: Bindings) {
    self.init()
    for value in bindings.values {
      switch value {
      case .null: add(nil as Int64?)
      case .integer(let number): add(number)
      // The table has no column for a blob before the hash.
      case .text(let range), .blob(let range): put(bindings.bytes[range])
      }
    }
  }

  /// A row of `HistoryEvent.columns`, byte for byte: a text that is no valid UTF-8 stays different
  /// from the one that a reader would make of it.
  init(_ row: Row) {
    self.init()
    add(row.integer(0))
    add(row.integer(1))
    add(text: row.isNull(2) ? nil : row.blob(2))
    add(row.optionalInteger(3))
    add(text: row.blob(4))
    add(text: row.blob(5))
  }
}
