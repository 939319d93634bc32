/// One binary frame of a stream: `PushDataV3ApiWrapper` of MEXC's websocket-proto, whose fields come in
/// any order. Numbers and names that are not known are left out.
package struct PushMessage: Hashable, Sendable {
  /// The one message that a frame is about.
  package struct Body: Hashable, Sendable {
    /// Its field number in the wrapper.
    package var number: Int
    /// A message that comes in pieces is, by protobuf's rules, its pieces one after the other.
    package var bytes: [UInt8]
  }

  /// The field numbers of the wrapper's `oneof`, from `publicDeals` to `publicAggreBookTicker`.
  private static let bodyNumbers = 301...315

  /// Empty when the frame does not say it: such a frame is about nothing.
  package private(set) var channel = ""
  package private(set) var symbol: String?
  package private(set) var symbolID: String?
  /// Milliseconds of the exchange's clock.
  package private(set) var createTime: Int64?
  /// Milliseconds of the exchange's clock.
  package private(set) var sendTime: Int64?
  package private(set) var body: Body?

  /// Throws why the frame is no such message.
  package init(_ frame: [UInt8]) throws(ProtobufError) {
    var reader = ProtobufReader(frame)
    while let field = try reader.next() {
      switch field.number {
      case 1: channel = try field.text ?? channel
      case 3: symbol = try field.text ?? symbol
      case 4: symbolID = try field.text ?? symbolID
      case 5: createTime = field.int64 ?? createTime
      case 6: sendTime = field.int64 ?? sendTime
      case Self.bodyNumbers: if let bytes = field.bytes { try take(bytes, as: field.number) }
      default: break
      }
    }
  }

  /// Another piece of the same body continues it; another body takes its place.
  private mutating func take(_ bytes: ArraySlice<UInt8>, as number: Int) throws(ProtobufError) {
    // No field of a piece reaches into the next piece.
    var reader = ProtobufReader(bytes)
    while try reader.next() != nil {}
    if body?.number == number {
      body?.bytes += bytes
    } else {
      body = Body(number: number, bytes: Array(bytes))
    }
  }
}
