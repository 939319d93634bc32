import MEXC
import Testing

@Suite struct ProtobufReaderTests {
  /// The fields of the bytes, each as `number:value`.
  private func fields(_ bytes: [UInt8]) throws(ProtobufError) -> [String] {
    var reader = ProtobufReader(bytes)
    var found: [String] = []
    while let field = try reader.next() {
      let value =
        switch field.value {
        case .varint(let number): "\(number)"
        case .fixed64(let number): "f64 \(number)"
        case .fixed32(let number): "f32 \(number)"
        case .bytes(let bytes): "\(Array(bytes))"
        }
      found.append("\(field.number):\(value)")
    }
    return found
  }

  @Test(
    arguments: [
      ([], []), ([0x08, 0x00], ["1:0"]), ([0x08, 0xAC, 0x02], ["1:300"]),
      ([0x08, 0x80, 0x80, 0x00], ["1:0"]),
      (
        [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        ["1:18446744073709551615"]
      ),
      ([0x12, 0x00], ["2:[]"]), ([0x12, 0x02, 0x08, 0x01], ["2:[8, 1]"]),
      ([0x09, 1, 2, 0, 0, 0, 0, 0, 0x80], ["1:f64 9223372036854776321"]),
      ([0x0D, 1, 2, 0, 0x80], ["1:f32 2147484161"]),
      ([0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0x05], ["536870911:5"]),
      // A group, one inside another, and what comes after them.
      ([0x0B, 0x0C, 0x08, 0x01], ["1:1"]),
      ([0x0B, 0x13, 0x12, 0x01, 0x0C, 0x14, 0x08, 0x07, 0x0C, 0x08, 0x01], ["1:1"]),
    ] as [([UInt8], [String])])
  func `a well-formed message is its fields`(bytes: [UInt8], expected: [String]) throws {
    #expect(try fields(bytes) == expected)
  }

  @Test(
    arguments: [
      ([0x08], ProtobufError.truncated), ([0x80], .truncated), ([0x08, 0xFF], .truncated),
      ([0x12, 0x01], .truncated), ([0x12, 0x02, 0x00], .truncated), ([0x09, 0, 0, 0], .truncated),
      ([0x0D, 0, 0, 0], .truncated),
      ([0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], .truncated),
      ([0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], .truncated),
      (
        [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], .varintTooLong
      ),
      (
        [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], .varintTooLong
      ),
      ([0x00], .fieldNumberInvalid), ([0x02, 0x00], .fieldNumberInvalid),
      ([0x80, 0x80, 0x80, 0x80, 0x10, 0x00], .fieldNumberInvalid), ([0x0E], .wireTypeInvalid),
      ([0x0F], .wireTypeInvalid), ([0x0B], .truncated), ([0x0B, 0x0B, 0x0C], .truncated),
      ([0x0C], .groupUnbalanced), ([0x0B, 0x14], .groupUnbalanced),
      ([0x0B, 0x12, 0x02, 0x0C], .truncated),
      ([UInt8](repeating: 0x0B, count: 101), .groupsTooDeep),
    ] as [([UInt8], ProtobufError)])
  func `a malformed message is refused`(bytes: [UInt8], error: ProtobufError) {
    #expect(throws: error) { try fields(bytes) }
  }

  @Test func `as many groups inside each other as others read are left out`() throws {
    let bytes = [UInt8](repeating: 0x0B, count: 100) + [UInt8](repeating: 0x0C, count: 100)
    #expect(try fields(bytes + [0x08, 0x01]) == ["1:1"])
  }

  @Test(
    arguments: [
      [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
    ] as [[UInt8]])
  func `a text that is not UTF-8 is refused`(bytes: [UInt8]) throws {
    var reader = ProtobufReader([0x0A, UInt8(bytes.count)] + bytes)
    let field = try #require(try reader.next())
    #expect(throws: ProtobufError.textInvalid) { try field.text }
  }

  @Test func `a message is cut off wherever its last field is`() throws {
    let bytes: [UInt8] = [0x0A, 0x03, 0x61, 0x62, 0x63, 0x11, 1, 2, 3, 4, 5, 6, 7, 8]
    let ends = try (0...bytes.count).filter { count in
      do throws(ProtobufError) {
        _ = try fields(Array(bytes.prefix(count)))
        return true
      } catch {
        try #require(error == .truncated)
        return false
      }
    }
    #expect(ends == [0, 5, 14])
  }
}

/// What the wrapper makes of its fields where no vector says it.
@Suite struct PushMessageTests {
  /// A piece of body `number` that holds `bytes`.
  private func body(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    let tag = number << 3 | 2
    return [UInt8(tag & 0x7F | 0x80), UInt8(tag >> 7), UInt8(bytes.count)] + bytes
  }

  @Test func `another body takes the place of the one before`() throws {
    let first = body(315, [0x0A, 0x01, 0x31])
    let other = body(304, [0x12, 0x01, 0x32])
    #expect(try PushMessage(first + other).body?.number == 304)
    let again = try PushMessage(first + other + body(315, [0x1A, 0x01, 0x33])).body
    #expect(again?.number == 315)
    #expect(again?.bytes == [0x1A, 0x01, 0x33])
  }

  @Test func `pieces of a body are not mended by what follows`() {
    let first = body(315, [0x0A, 0x03, 0x31])
    #expect(throws: ProtobufError.truncated) {
      try PushMessage(first + body(315, [0x12, 0x00]))
    }
    // Also where another body takes its place.
    #expect(throws: ProtobufError.truncated) { try PushMessage(first + body(304, [])) }
  }

  @Test func `a body of a kind that is not read is well-formed or refused`() {
    #expect(throws: Never.self) { try PushMessage(body(308, [0x0A, 0x01, 0x31])) }
    #expect(throws: ProtobufError.truncated) { try PushMessage(body(308, [0x0A, 0x02, 0x31])) }
  }
}
