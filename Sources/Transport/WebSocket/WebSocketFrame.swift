/// Whose side of a WebSocket this program is on.
package enum WebSocketRole: Hashable, Sendable {
  /// Masks what it sends, and refuses what is masked (RFC 6455 §5.1).
  case client
  /// The other way about.
  case server
}

/// What a frame is (RFC 6455 §5.2). The other ten numbers are reserved.
package enum WebSocketOpcode: UInt8, Hashable, Sendable {
  case continuation = 0x0
  case text = 0x1
  case binary = 0x2
  case close = 0x8
  case ping = 0x9
  case pong = 0xA

  var isControl: Bool { rawValue & 0x8 != 0 }
}

/// The four bytes that a client's payload is combined with (RFC 6455 §5.3).
struct WebSocketMask {
  private let bytes: InlineArray<4, UInt8>

  init(_ key: UInt32) {
    bytes = [
      UInt8(truncatingIfNeeded: key >> 24), UInt8(truncatingIfNeeded: key >> 16),
      UInt8(truncatingIfNeeded: key >> 8), UInt8(truncatingIfNeeded: key),
    ]
  }

  /// In the order of the wire.
  func append(to output: inout [UInt8]) {
    for index in bytes.indices { output.append(bytes[index]) }
  }

  /// Combines what stands from `start` on; `offset` bytes of the payload went before.
  func apply(to output: inout [UInt8], from start: Int, offset: Int = 0) {
    for index in start..<output.count { output[index] ^= bytes[(index - start + offset) & 3] }
  }
}

/// The start of a frame, checked for all that can be seen without the frames before it.
struct WebSocketFrameHeader {
  let opcode: WebSocketOpcode
  let isFinal: Bool
  let length: Int
  let mask: WebSocketMask?
  /// Bytes that the header itself takes.
  let size: Int

  /// Reads the header at the start of `bytes`; nil while it is not whole. `role` is the reader's.
  init?(_ bytes: Span<UInt8>, for role: WebSocketRole) throws(WebSocketViolation) {
    guard bytes.count >= 2 else { return nil }
    guard bytes[0] & 0x70 == 0 else { throw .reservedBits }
    guard let opcode = WebSocketOpcode(rawValue: bytes[0] & 0x0F) else { throw .reservedOpcode }
    isFinal = bytes[0] & 0x80 != 0
    let isMasked = bytes[1] & 0x80 != 0
    switch role {
    case .client: guard !isMasked else { throw .maskForbidden }
    case .server: guard isMasked else { throw .maskMissing }
    }
    if opcode.isControl {
      guard isFinal else { throw .controlFragmented }
      guard bytes[1] & 0x7F <= WebSocketLimits.controlMaximum else { throw .controlTooLong }
    }
    self.opcode = opcode
    guard let (length, end) = try Self.length(bytes) else { return nil }
    self.length = length
    size = isMasked ? end + 4 : end
    guard bytes.count >= size else { return nil }
    mask = isMasked ? WebSocketMask(UInt32(truncatingIfNeeded: Self.number(bytes, end, 4))) : nil
  }

  /// The payload's length, and where the bytes that say it end.
  private static func length(
    _ bytes: Span<UInt8>
  ) throws(WebSocketViolation) -> (length: Int, end: Int)? {
    let short = Int(bytes[1] & 0x7F)
    let size: Int
    let least: UInt64
    switch short {
    case 126: (size, least) = (2, 126)
    case 127: (size, least) = (8, 65_536)
    default: return (short, 2)
    }
    guard bytes.count >= 2 + size else { return nil }
    let length = number(bytes, 2, size)
    guard length >= least else { throw .lengthNotMinimal }
    guard let length = Int(exactly: length) else { throw .lengthTooLarge }
    return (length, 2 + size)
  }

  /// Network byte order.
  private static func number(_ bytes: Span<UInt8>, _ start: Int, _ size: Int) -> UInt64 {
    var number: UInt64 = 0
    for index in start..<(start + size) { number = number << 8 | UInt64(bytes[index]) }
    return number
  }
}

/// Writes frames of one side behind what already waits to be sent.
package struct WebSocketWriter {
  private let role: WebSocketRole
  private let random: WebSocketRandom

  /// `random` is asked once for every frame of a client.
  package init(role: WebSocketRole, random: @escaping WebSocketRandom = WebSocketSystemRandom.next)
  {
    self.role = role
    self.random = random
  }

  /// A whole frame. A control frame is final and its payload within `WebSocketLimits.controlMaximum`.
  package func append(
    _ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>, isFinal: Bool = true,
    to output: inout [UInt8]
  ) {
    let count = payload.count
    output.append(opcode.rawValue | (isFinal ? 0x80 : 0))
    appendLength(count, to: &output)
    switch role {
    case .server: output.append(contentsOf: payload)
    case .client:
      let mask = WebSocketMask(random())
      mask.append(to: &output)
      let start = output.count
      output.append(contentsOf: payload)
      mask.apply(to: &output, from: start)
    }
  }

  /// A close frame; as much of the reason as fits, in whole characters.
  package func appendClose(
    _ code: WebSocketCloseCode?, _ reason: String, to output: inout [UInt8]
  ) {
    var payload: [UInt8] = []
    if let code {
      payload += [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
      for scalar in reason.unicodeScalars {
        let bytes = Array(String(scalar).utf8)
        guard payload.count + bytes.count <= WebSocketLimits.controlMaximum else { break }
        payload += bytes
      }
    }
    append(.close, payload, to: &output)
  }

  private func appendLength(_ count: Int, to output: inout [UInt8]) {
    let mask: UInt8 =
      switch role {
      case .client: 0x80
      case .server: 0
      }
    switch count {
    case ...125: output.append(mask | UInt8(count))
    case ...0xFFFF:
      output.append(mask | 126)
      for shift in [8, 0] { output.append(UInt8(truncatingIfNeeded: count >> shift)) }
    default:
      output.append(mask | 127)
      for shift in stride(from: 56, through: 0, by: -8) {
        output.append(UInt8(truncatingIfNeeded: count >> shift))
      }
    }
  }
}

/// Four bytes that nobody can guess: RFC 6455 §5.3 asks for them so that no client can be made to
/// write bytes of a stranger's choice.
package typealias WebSocketRandom = () -> UInt32

package enum WebSocketSystemRandom {
  /// From getrandom(2), by way of the standard library.
  package static func next() -> UInt32 {
    var source = SystemRandomNumberGenerator()
    return source.next()
  }
}
