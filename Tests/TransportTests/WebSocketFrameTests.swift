import Testing
import Transport

@Suite struct WebSocketFrameTests {
  private static let hello: [UInt8] = [0x48, 0x65, 0x6C, 0x6C, 0x6F]
  /// The mask of the examples, and what it makes of `hello`.
  private static let mask: UInt32 = 0x37FA_213D
  private static let maskedHello: [UInt8] = [
    0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58,
  ]

  private static func long(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
  }

  private static func read(
    _ bytes: [UInt8], _ role: WebSocketRole, pieces: Int? = nil,
    messageMaximum: Int = WebSocketLimits.messageMaximum
  ) -> [WebSocketParser.Step] {
    var parser = WebSocketParser(role: role, messageMaximum: messageMaximum)
    var steps: [WebSocketParser.Step] = []
    var fed = 0
    while fed < bytes.count {
      let end = min(bytes.count, fed + (pieces ?? bytes.count))
      parser.append(bytes.span.extracting(fed..<end))
      fed = end
      loop: while true {
        let step = parser.next()
        switch step {
        case .needMore: break loop
        case .failure: return steps + [step]
        case .text, .binary, .ping, .pong, .close: steps.append(step)
        }
      }
    }
    return steps
  }

  /// RFC 6455 §5.7.
  @Test(
    arguments: [
      ([0x81, 0x05] + hello, WebSocketRole.client, [.text("Hello")]),
      ([0x81, 0x85] + maskedHello, .server, [.text("Hello")]),
      ([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], .client, [.text("Hello")]),
      ([0x89, 0x05] + hello, .client, [.ping(hello)]),
      ([0x8A, 0x85] + maskedHello, .server, [.pong(hello)]),
      ([0x82, 0x7E, 0x01, 0x00] + long(256), .client, [.binary(long(256))]),
      ([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + long(65_536), .client, [.binary(long(65_536))]),
    ] as [([UInt8], WebSocketRole, [WebSocketParser.Step])])
  func `the examples of the standard are read`(
    bytes: [UInt8], role: WebSocketRole, steps: [WebSocketParser.Step]
  ) {
    #expect(Self.read(bytes, role) == steps)
    #expect(Self.read(bytes, role, pieces: 1) == steps)
  }

  @Test(
    arguments: [
      (WebSocketRole.server, WebSocketOpcode.text, hello, [0x81, 0x05] + hello),
      (.client, .text, hello, [0x81, 0x85] + maskedHello),
      (.client, .pong, hello, [0x8A, 0x85] + maskedHello),
      (.server, .binary, long(256), [0x82, 0x7E, 0x01, 0x00] + long(256)),
      (.server, .binary, long(65_536), [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + long(65_536)),
    ] as [(WebSocketRole, WebSocketOpcode, [UInt8], [UInt8])])
  func `the examples of the standard are written`(
    role: WebSocketRole, opcode: WebSocketOpcode, payload: [UInt8], bytes: [UInt8]
  ) {
    var output: [UInt8] = []
    WebSocketWriter(role: role, random: { Self.mask }).append(opcode, payload, to: &output)
    #expect(output == bytes)
  }

  @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
  func `every length is written in the fewest bytes and read again`(count: Int) {
    for (writer, reader) in [(WebSocketRole.client, WebSocketRole.server), (.server, .client)] {
      var output: [UInt8] = []
      WebSocketWriter(role: writer, random: { Self.mask })
        .append(.binary, Self.long(count), to: &output)
      let header = (count < 126 ? 2 : count < 65_536 ? 4 : 10) + (writer == .client ? 4 : 0)
      #expect(output.count == header + count)
      #expect(Self.read(output, reader) == [.binary(Self.long(count))])
      #expect(Self.read(output, reader, pieces: 1_000) == [.binary(Self.long(count))])
    }
  }

  @Test(arguments: HostileFrames.all)
  func `a frame that breaks a rule is refused for it, however it arrives`(frames: HostileFrames) {
    for (bytes, role) in [(frames.bytes, WebSocketRole.client), (frames.masked, .server)] {
      #expect(Self.read(bytes, role).last == .failure(frames.violation))
      #expect(Self.read(bytes, role, pieces: 1) == Self.read(bytes, role))
    }
  }

  @Test func `each role refuses the frames of its own kind`() {
    let maskForbidden = Self.read([0x81, 0x85] + Self.maskedHello, .client)
    #expect(maskForbidden == [.failure(.maskForbidden)])
    #expect(Self.read([0x81, 0x05] + Self.hello, .server) == [.failure(.maskMissing)])
    #expect(Self.read([0x89, 0x00], .server) == [.failure(.maskMissing)])
  }

  @Test func `after a violation the parser goes on failing`() {
    var parser = WebSocketParser(role: .client)
    for bytes in [[0xF1, 0x00], [0x81, 0x01, 0x61]] as [[UInt8]] {
      parser.append(bytes.span)
      #expect(parser.next() == .failure(.reservedBits))
    }
  }

  @Test func `control frames may come between fragments`() {
    let bytes: [UInt8] =
      [0x01, 0x01, 0x48, 0x89, 0x01, 0x70, 0x00, 0x00, 0x8A, 0x00, 0x80, 0x01, 0x69]
    let steps: [WebSocketParser.Step] = [.ping([0x70]), .pong([]), .text("Hi")]
    #expect(Self.read(bytes, .client) == steps)
    #expect(Self.read(bytes, .client, pieces: 1) == steps)
  }

  @Test func `a character may be cut by a fragment`() {
    let bytes: [UInt8] = [0x01, 0x02, 0xF0, 0x9F, 0x00, 0x01, 0x98, 0x80, 0x01, 0x80]
    #expect(Self.read(bytes, .client) == [.text("😀")])
  }

  @Test func `nothing is read behind a close frame`() {
    #expect(
      Self.read([0x88, 0x02, 0x03, 0xE8, 0xFF, 0xFF, 0xFF], .client) == [.close(.normal, "")])
    #expect(Self.read([0x88, 0x00, 0x81, 0x01, 0x61], .client) == [.close(nil, "")])
  }

  @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4000, 4999])
  func `a close code that is allowed is read with its reason`(code: UInt16) {
    let reason = "Grüße"
    let bytes =
      [0x88, UInt8(2 + reason.utf8.count), UInt8(code >> 8), UInt8(code & 0xFF)]
      + Array(reason.utf8)
    #expect(
      Self.read(bytes, .client) == [.close(WebSocketCloseCode(rawValue: code), reason)])
  }

  @Test func `a close reason is cut to what a control frame holds, in whole characters`() {
    var output: [UInt8] = []
    WebSocketWriter(role: .server).appendClose(
      .goingAway, String(repeating: "ü", count: 100), to: &output)
    #expect(
      Self.read(output, .client) == [.close(.goingAway, String(repeating: "ü", count: 61))])
  }

  @Test func `the limit counts the whole message and not the control frames`() {
    let half = [0x02, 0x05] + Self.hello
    let ping = [0x89, 0x05] + Self.hello
    let rest = [0x80, 0x05] + Self.hello
    #expect(
      Self.read(half + ping + rest, .client, messageMaximum: 10)
        == [.ping(Self.hello), .binary(Self.hello + Self.hello)])
    #expect(
      Self.read(half + ping + rest, .client, messageMaximum: 9)
        == [.ping(Self.hello), .failure(.messageTooLarge)])
  }

  @Test func `a message in endless empty fragments ends`() {
    let fragments = [UInt8](repeating: 0x00, count: 2 * WebSocketLimits.fragmentsMaximum)
    #expect(Self.read([0x02, 0x00] + fragments, .client) == [.failure(.tooManyFragments)])
    let most = fragments.dropLast(4) + [0x80, 0x00]
    #expect(Self.read([0x02, 0x00] + most, .client) == [.binary([])])
  }

  @Test func `the system's random source does not repeat itself`() {
    #expect(Set((0..<100).map { _ in WebSocketSystemRandom.next() }).count > 98)
  }
}
