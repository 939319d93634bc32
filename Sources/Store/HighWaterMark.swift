import Cryptography
import Domain
import JSON

/// What is noted of the history before an order leaves, in a file beside the database: a database
/// that does not hold it is older than the truth.
package struct HighWaterMark: Hashable, Sendable {
  /// Counts the marks: the highest number is the last one.
  package let number: Int64
  /// How many times an order was armed since the first mark, what a power cut took included.
  package let armed: Int64
  /// The last row of the commit that armed the order.
  package let head: ChainHead
  /// What a power cut cannot take; `nil` where that is all.
  package let synced: Synced?

  /// The last row that was synced by then, and the boot until whose end the rows behind it are there.
  package struct Synced: Hashable, Sendable {
    package let head: ChainHead
    package let boot: String
  }

  package init(number: Int64, armed: Int64, head: ChainHead, synced: Synced? = nil) {
    self.number = number
    self.armed = armed
    self.head = head
    self.synced = synced
  }

  /// The mark after this one.
  func next(armed more: Int64, head: ChainHead, synced: Synced?) -> HighWaterMark {
    HighWaterMark(number: number + 1, armed: armed + more, head: head, synced: synced)
  }

  /// What the file says.
  package enum Reading: Hashable, Sendable {
    case missing
    /// There, and no mark in it can be trusted.
    case unreadable
    case mark(HighWaterMark)
  }
}

extension HighWaterMark {
  /// A disk writes a sector of this size whole or not at all.
  static let recordBytes = 512
  /// Marks go to two places in turn, so that a write that is cut short leaves the one before.
  static let places = 2

  var place: Int { Int(number % Int64(Self.places)) }

  /// One line of JSON, filled up with spaces.
  var record: [UInt8] {
    var members: [(String, JSONValue)] = [
      ("number", .integer(number)), ("armed", .integer(armed)), ("row", .integer(head.row)),
      ("hash", .string(head.hashText)),
    ]
    if let synced {
      members += [
        ("synced_row", .integer(synced.head.row)), ("synced_hash", .string(synced.head.hashText)),
        ("boot", .string(synced.boot)),
      ]
    }
    members.append(("check", .string(check)))
    var bytes = Array(JSONValue.object(pairs: members).compactText().utf8)
    bytes += repeatElement(UInt8(ascii: " "), count: Self.recordBytes - 1 - bytes.count)
    return bytes + [UInt8(ascii: "\n")]
  }

  /// `nil` when the bytes are not exactly what `record` makes.
  init?(record: [UInt8]) {
    guard let document = try? JSONReader.read(record),
      let number = document["number"]?.integerValue, number > 0,
      let armed = document["armed"]?.integerValue, let row = document["row"]?.integerValue,
      let hash = document["hash"]?.stringValue.flatMap(Hexadecimal.bytes(of:))
    else { return nil }
    self.init(
      number: number, armed: armed, head: ChainHead(row: row, hash: hash),
      synced: Synced(document))
    guard self.record == record else { return nil }
  }

  /// Tells a record that was cut short or edited by chance; it is no secret.
  private var check: String {
    let rest = synced.map { " \($0.head.row) \($0.head.hashText) \($0.boot)" } ?? ""
    return Hexadecimal.text(
      of: Digest.sha256(Array("\(number) \(armed) \(head.row) \(head.hashText)\(rest)".utf8)))
  }
}

extension HighWaterMark.Synced {
  fileprivate init?(_ document: JSONValue) {
    guard let row = document["synced_row"]?.integerValue,
      let hash = document["synced_hash"]?.stringValue.flatMap(Hexadecimal.bytes(of:)),
      let boot = document["boot"]?.stringValue
    else { return nil }
    self.init(head: ChainHead(row: row, hash: hash), boot: boot)
  }
}
