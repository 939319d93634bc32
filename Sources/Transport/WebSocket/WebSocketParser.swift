/// Reads the messages and control frames of one connection, bytes in, strictly by RFC 6455. Pure. How
/// the bytes were cut into pieces changes nothing.
package struct WebSocketParser {
  package enum Step: Hashable, Sendable {
    case needMore
    case text(String)
    case binary([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    /// The last frame: what comes after it is not looked at. Nil without a code.
    case close(WebSocketCloseCode?, String)
    case failure(WebSocketViolation)
  }

  private enum State {
    /// To `payload` or `failed`.
    case header
    /// To `header`, `closed` or `failed`.
    case payload(WebSocketFrameHeader, taken: Int)
    case closed
    case failed(WebSocketViolation)
  }

  /// A message whose last fragment has not come.
  private struct Message {
    let isText: Bool
    var fragments = 0
  }

  private let role: WebSocketRole
  private let messageMaximum: Int
  private var state = State.header
  private var buffer: [UInt8] = []
  /// Everything before is consumed.
  private var start = 0
  private var message: Message?
  private var messageBytes: [UInt8] = []
  private var controlBytes: [UInt8] = []

  /// `role` is the reader's: a client refuses masked frames, a server all others.
  package init(role: WebSocketRole, messageMaximum: Int = WebSocketLimits.messageMaximum) {
    self.role = role
    self.messageMaximum = messageMaximum
  }

  package mutating func append(_ bytes: Span<UInt8>) {
    buffer.removeSubrange(..<start)
    start = 0
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe buffer.append(contentsOf: bytes)
    }
  }

  /// What is next among the bytes that are there; later frames wait for later calls.
  package mutating func next() -> Step {
    do throws(WebSocketViolation) {
      return try advance()
    } catch {
      state = .failed(error)
      return .failure(error)
    }
  }

  private mutating func advance() throws(WebSocketViolation) -> Step {
    while true {
      switch state {
      case .failed(let violation): throw violation
      case .closed: return .needMore
      case .header:
        guard let header = try header() else { return .needMore }
        try begin(header)
        start += header.size
        state = .payload(header, taken: 0)
      case .payload(let header, let taken):
        let now = taken + take(header, after: taken)
        guard now == header.length else {
          state = .payload(header, taken: now)
          return .needMore
        }
        state = .header
        if let step = try end(header) { return step }
      }
    }
  }

  private func header() throws(WebSocketViolation) -> WebSocketFrameHeader? {
    try WebSocketFrameHeader(buffer.span.extracting(start...), for: role)
  }

  /// The rules of fragmentation (RFC 6455 §5.4), and the limits.
  private mutating func begin(_ header: WebSocketFrameHeader) throws(WebSocketViolation) {
    switch header.opcode {
    case .close, .ping, .pong: return
    case .text, .binary:
      guard message == nil else { throw .messageInterrupted }
      message = Message(isText: header.opcode == .text)
    case .continuation:
      guard message != nil else { throw .continuationUnexpected }
    }
    guard header.length <= messageMaximum - messageBytes.count else { throw .messageTooLarge }
    message?.fragments += 1
    guard (message?.fragments ?? 0) <= WebSocketLimits.fragmentsMaximum
    else { throw .tooManyFragments }
  }

  /// Takes what is there of the payload; how many bytes that were.
  private mutating func take(_ header: WebSocketFrameHeader, after taken: Int) -> Int {
    let count = min(header.length - taken, buffer.count - start)
    let bytes = buffer[start..<(start + count)]
    start += count
    if header.opcode.isControl {
      Self.append(bytes, to: &controlBytes, header.mask, after: taken)
    } else {
      Self.append(bytes, to: &messageBytes, header.mask, after: taken)
    }
    return count
  }

  private static func append(
    _ bytes: ArraySlice<UInt8>, to output: inout [UInt8], _ mask: WebSocketMask?, after taken: Int
  ) {
    let start = output.count
    output.append(contentsOf: bytes)
    mask?.apply(to: &output, from: start, offset: taken)
  }

  private mutating func end(_ header: WebSocketFrameHeader) throws(WebSocketViolation) -> Step? {
    switch header.opcode {
    case .text, .binary, .continuation: return header.isFinal ? try endMessage() : nil
    case .ping: return .ping(takeControl())
    case .pong: return .pong(takeControl())
    case .close: return try close(takeControl())
    }
  }

  private mutating func takeControl() -> [UInt8] {
    defer { controlBytes = [] }
    return controlBytes
  }

  private mutating func endMessage() throws(WebSocketViolation) -> Step {
    let isText = message?.isText ?? false
    message = nil
    guard isText else {
      defer { messageBytes = [] }
      return .binary(messageBytes)
    }
    defer { messageBytes.removeAll(keepingCapacity: true) }
    // RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF.
    guard let text = String(validating: messageBytes, as: UTF8.self) else { throw .textInvalid }
    return .text(text)
  }

  /// RFC 6455 §5.5.1.
  private mutating func close(_ payload: [UInt8]) throws(WebSocketViolation) -> Step {
    guard payload.count != 1 else { throw .closeTruncated }
    guard payload.count >= 2 else {
      state = .closed
      return .close(nil, "")
    }
    let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
    guard code.isAllowedOnWire else { throw .closeCodeInvalid }
    guard let reason = String(validating: payload[2...], as: UTF8.self)
    else { throw .closeReasonInvalid }
    state = .closed
    return .close(code, reason)
  }
}
