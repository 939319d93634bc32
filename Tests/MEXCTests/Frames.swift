/// Frames as the exchange writes them, for tests: protobuf by hand.
struct FrameWriter {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// An empty text is left out, as proto3 has it.
  mutating func text(_ number: Int, _ text: String) {
    if !text.isEmpty { message(number, Array(text.utf8)) }
  }

  mutating func message(_ number: Int, _ message: [UInt8]) {
    varint(UInt64(number << 3 | 2))
    varint(UInt64(message.count))
    bytes += message
  }

  /// 0 is left out, as proto3 has it.
  mutating func number(_ number: Int, _ value: Int64) {
    guard value != 0 else { return }
    varint(UInt64(number << 3))
    varint(UInt64(bitPattern: value))
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F | 0x80))
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The wrapper, with the body's tag last.
  static func push(
    _ channel: String, symbol: String = "LINKUSDT", sendTime: Int64 = 1_790_000_003_010,
    _ number: Int, _ fill: (inout FrameWriter) -> Void
  ) -> [UInt8] {
    var body = FrameWriter()
    fill(&body)
    var frame = FrameWriter()
    frame.text(1, channel)
    frame.text(3, symbol)
    frame.number(6, sendTime)
    frame.message(number, body.bytes)
    return frame.bytes
  }
}
