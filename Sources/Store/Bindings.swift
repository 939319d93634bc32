import Domain
import JSON

/// What is bound to a statement's places, from the first on. The bytes of all values lie one behind the
/// other, so that no value takes a block of memory of its own, and a list that is filled again takes
/// none at all.
struct Bindings {
  enum Value {
    case null
    case integer(Int64)
    /// Where its bytes lie.
    case text(Range<Int>)
    case blob(Range<Int>)
  }

  private(set) var values: [Value] = []
  private(set) var bytes: [UInt8] = []

  /// Room for the detail of an event and what stands beside it.
  private static let usualBytes = 1_024

  init() { bytes.reserveCapacity(Self.usualBytes) }

  mutating func removeAll() {
    values.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  mutating func addNull() { values.append(.null) }

  mutating func add(_ number: Int64) { values.append(.integer(number)) }

  mutating func add(_ text: String) { values.append(.text(range(of: text.utf8))) }

  mutating func add(blob: [UInt8]) { values.append(.blob(range(of: blob))) }

  private mutating func range(of added: some Collection<UInt8>) -> Range<Int> {
    let start = bytes.count
    bytes.append(contentsOf: added)
    return start..<bytes.count
  }

  /// Free text, which the history may hold too.
  mutating func add(words: String) { add(words.withoutNUL) }

  /// As one line. U+0000 becomes U+FFFD: a reader refuses texts that hold it.
  mutating func add(_ value: JSONValue) {
    let start = bytes.count
    value.appendCompactText(to: &bytes, replacingNUL: true)
    values.append(.text(start..<bytes.count))
  }

  /// As one line, and with U+0000 replaced, as a value by itself.
  mutating func add(detailOf event: HistoryEvent) {
    let start = bytes.count
    event.appendDetail(to: &bytes)
    values.append(.text(start..<bytes.count))
  }

  mutating func add(_ text: String?) { if let text { add(text) } else { addNull() } }

  mutating func add(_ amount: FixedDecimal?) { add(amount?.description) }

  mutating func add(_ time: WallTime?) { add(time?.milliseconds) }

  mutating func add(_ number: Int64?) { if let number { add(number) } else { addNull() } }

  mutating func add(_ isSet: Bool) { add(isSet ? Int64(1) : 0) }

  /// The same, each by itself.
  var list: [SQLiteValue] {
    values.map { value in
      switch value {
      case .null: .null
      case .integer(let number): .integer(number)
      case .text(let range): .text(String(decoding: bytes[range], as: UTF8.self))
      case .blob(let range): .blob(Array(bytes[range]))
      }
    }
  }
}

extension String {
  /// U+0000 replaced by U+FFFD. Returns itself, without copying, when there is nothing to replace.
  var withoutNUL: String {
    guard utf8.contains(0) else { return self }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: unicodeScalars.lazy.map { $0.value == 0 ? "\u{FFFD}" : $0 })
    return String(scalars)
  }
}
