/// Writes protobuf messages as proto3 has them: fields in the order of their numbers, and none for an
/// empty text, a false or a 0 that is not `optional`.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func text(_ field: Int, _ value: String) {
    if !value.isEmpty { optionalText(field, value) }
  }

  mutating func optionalText(_ field: Int, _ value: String?) {
    if let value { message(field, Array(value.utf8)) }
  }

  mutating func number(_ field: Int, _ value: Int64) {
    if value != 0 { optionalNumber(field, value) }
  }

  mutating func optionalNumber(_ field: Int, _ value: Int64?) {
    guard let value else { return }
    tag(field, wireType: 0)
    varint(UInt64(bitPattern: value))
  }

  mutating func flag(_ field: Int, _ value: Bool) {
    number(field, value ? 1 : 0)
  }

  mutating func message(_ field: Int, _ value: [UInt8]) {
    tag(field, wireType: 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func tag(_ field: Int, wireType: Int) {
    varint(UInt64(field << 3 + wireType))
  }

  /// Seven bits at a time, the lowest first; the high bit says that more follow.
  private mutating func varint(_ value: UInt64) {
    if value < 128 {
      bytes.append(UInt8(value))
    } else {
      bytes.append(UInt8(value % 128 + 128))
      varint(value / 128)
    }
  }
}
