/// Why bytes are no protobuf message.
package enum ProtobufError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A field goes on behind the end of what holds it.
  case truncated
  /// More than ten bytes, or more than 64 bits.
  case varintTooLong
  case fieldNumberInvalid
  case wireTypeInvalid
  /// A group without its end, or an end without its group.
  case groupUnbalanced
  case groupsTooDeep
  case textInvalid

  package var description: String {
    switch self {
    case .truncated: "a field is cut off"
    case .varintTooLong: "a number has more than 64 bits"
    case .fieldNumberInvalid: "a field number is outside 1…536870911"
    case .wireTypeInvalid: "a field has a wire type that does not exist"
    case .groupUnbalanced: "a group has no end, or an end no group"
    case .groupsTooDeep: "groups are nested too deeply"
    case .textInvalid: "a text is not UTF-8"
    }
  }
}

/// Reads the fields of one protobuf message in the order in which they were written
/// (protobuf.dev/programming-guides/encoding). What a field number means is the caller's to know; a
/// number or a wire type that the caller does not ask for is a field to leave out.
package struct ProtobufReader: Sendable {
  package struct Field: Sendable {
    package let number: Int
    package let value: Value
  }

  package enum Value: Sendable {
    case varint(UInt64)
    case fixed64(UInt64)
    /// A text, bytes, a message, or packed numbers.
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case groupStart = 3
    case groupEnd = 4
    case fixed32 = 5
  }

  /// The depth at which other readers of protobuf give up, too. No message here holds a group.
  private static let groupDepthMaximum = 100
  private static let fieldNumbers: ClosedRange<UInt64> = 1...536_870_911

  private var rest: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) {
    rest = bytes[...]
  }

  package init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
  }

  /// The next field, groups left out; `nil` at the end. Throws what is wrong with the bytes; nothing
  /// that was read before is then to be used.
  package mutating func next() throws(ProtobufError) -> Field? {
    while !rest.isEmpty {
      let (number, type) = try tag()
      switch type {
      case .groupStart: try skipGroup(number)
      case .groupEnd: throw .groupUnbalanced
      case .varint, .fixed64, .bytes, .fixed32:
        return Field(number: number, value: try value(type))
      }
    }
    return nil
  }

  private mutating func tag() throws(ProtobufError) -> (number: Int, type: WireType) {
    let tag = try varint()
    guard Self.fieldNumbers.contains(tag >> 3) else { throw .fieldNumberInvalid }
    guard let type = WireType(rawValue: tag & 7) else { throw .wireTypeInvalid }
    return (Int(tag >> 3), type)
  }

  private mutating func value(_ type: WireType) throws(ProtobufError) -> Value {
    switch type {
    case .varint: return .varint(try varint())
    case .fixed64: return .fixed64(Self.littleEndian(try take(8)))
    case .fixed32: return .fixed32(UInt32(truncatingIfNeeded: Self.littleEndian(try take(4))))
    case .bytes: return .bytes(try take(try varint()))
    case .groupStart, .groupEnd: throw .groupUnbalanced
    }
  }

  /// Everything up to the end of a group whose beginning was just read.
  private mutating func skipGroup(_ number: Int) throws(ProtobufError) {
    var open = [number]
    while let innermost = open.last {
      let (number, type) = try tag()
      switch type {
      case .groupStart:
        guard open.count < Self.groupDepthMaximum else { throw .groupsTooDeep }
        open.append(number)
      case .groupEnd:
        guard number == innermost else { throw .groupUnbalanced }
        open.removeLast()
      case .varint, .fixed64, .bytes, .fixed32: _ = try value(type)
      }
    }
  }

  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = rest.popFirst() {
      let bits = UInt64(byte & 0x7F)
      // The tenth byte has room for the last of the 64 bits.
      guard shift < 63 || (shift == 63 && bits <= 1 && byte < 0x80) else { throw .varintTooLong }
      number |= bits << shift
      if byte < 0x80 { return number }
      shift += 7
    }
    throw .truncated
  }

  private mutating func take(_ count: UInt64) throws(ProtobufError) -> ArraySlice<UInt8> {
    guard count <= UInt64(rest.count) else { throw .truncated }
    let taken = rest.prefix(Int(count))
    rest = rest.dropFirst(Int(count))
    return taken
  }

  private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// A field as what the caller takes it for; `nil` when its wire type is that of something else.
extension ProtobufReader.Field {
  package var bytes: ArraySlice<UInt8>? {
    switch value {
    case .bytes(let bytes): bytes
    case .varint, .fixed64, .fixed32: nil
    }
  }

  /// A `string`. Throws when its bytes are not UTF-8.
  package var text: String? {
    get throws(ProtobufError) {
      guard let bytes else { return nil }
      // Almost every text is ASCII, which is read several times as fast.
      if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
      guard let text = String(validating: bytes, as: UTF8.self) else { throw .textInvalid }
      return text
    }
  }

  package var int64: Int64? { varint.map { Int64(bitPattern: $0) } }

  /// An `int32` may be written with 64 bits; the low half counts.
  package var int32: Int32? { varint.map { Int32(truncatingIfNeeded: $0) } }

  package var bool: Bool? { varint.map { $0 != 0 } }

  private var varint: UInt64? {
    switch value {
    case .varint(let number): number
    case .fixed64, .bytes, .fixed32: nil
    }
  }
}
