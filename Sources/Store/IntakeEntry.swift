import Cryptography
import Domain
import Platform

/// A record as a block: all that it stands for behind its SHA-256, numbers big-endian, and each text
/// behind its length.
struct IntakeEntry {
  let number: Int64
  let record: IntakeRecord

  private static let version: UInt8 = 1
  private static let digestBytes = 32
  /// Of all but the signal itself, with a name of usual length.
  private static let usualBytes = 512

  init(number: Int64, record: IntakeRecord) {
    self.number = number
    self.record = record
  }

  /// `nil` for one that is too long.
  func block(of database: [UInt8]) -> [UInt8]? {
    var content: [UInt8] = []
    content.reserveCapacity(Self.usualBytes + record.raw.count)
    content.append(Self.version)
    if case .file = record.origin { content.append(1) } else { content.append(0) }
    Self.append(UInt64(bitPattern: number), to: &content)
    Self.append(UInt64(bitPattern: record.arrivedAt.milliseconds), to: &content)
    Self.append(UInt64(bitPattern: record.readAt.milliseconds), to: &content)
    Self.append(text: database, to: &content)
    Self.append(text: record.id.text.utf8, to: &content)
    Self.append(text: record.boot.utf8, to: &content)
    switch record.origin {
    case .file(let name): Self.append(text: name, to: &content)
    case .socket(let peer): Self.append(text: peer.utf8, to: &content)
    }
    Self.append(text: record.raw, to: &content)
    guard content.count + Self.digestBytes <= SyncedBlocks.blockBytes else { return nil }
    return Digest.sha256(content) + content
  }

  private static func append(text: some Collection<UInt8>, to content: inout [UInt8]) {
    append(UInt64(text.count), to: &content)
    content.append(contentsOf: text)
  }

  /// `nil` for what is none, is not whole, or is of another database.
  init?(_ block: [UInt8], of database: [UInt8]) {
    guard block.count > Self.digestBytes else { return nil }
    var reading = Reading(bytes: block[Self.digestBytes...])
    guard reading.byte() == Self.version, let isFile = reading.byte(),
      let number = reading.number(), let arrivedAt = reading.number(),
      let readAt = reading.number(), reading.text() == database,
      let id = reading.text().flatMap({ SignalID(String(decoding: $0, as: UTF8.self)) }),
      let boot = reading.text(), let name = reading.text(), let raw = reading.text()
    else { return nil }
    let content = Array(block[Self.digestBytes..<reading.bytes.startIndex])
    guard Digest.sha256(content) == Array(block[..<Self.digestBytes]) else { return nil }
    self.number = Int64(bitPattern: number)
    record = IntakeRecord(
      id: id, raw: raw,
      origin: isFile == 1 ? .file(name) : .socket(String(decoding: name, as: UTF8.self)),
      arrivedAt: WallTime(milliseconds: Int64(bitPattern: arrivedAt)),
      readAt: WallTime(milliseconds: Int64(bitPattern: readAt)),
      boot: String(decoding: boot, as: UTF8.self))
  }

  private static func append(_ number: UInt64, to content: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) {
      content.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  private struct Reading {
    var bytes: ArraySlice<UInt8>

    mutating func byte() -> UInt8? { bytes.popFirst() }

    mutating func number() -> UInt64? {
      guard bytes.count >= 8 else { return nil }
      defer { bytes = bytes.dropFirst(8) }
      return bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func text() -> [UInt8]? {
      guard let count = number(), count <= UInt64(bytes.count) else { return nil }
      defer { bytes = bytes.dropFirst(Int(count)) }
      return Array(bytes.prefix(Int(count)))
    }
  }
}
