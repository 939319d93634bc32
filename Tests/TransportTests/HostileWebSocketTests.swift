import Domain
import Glibc
import Platform
import Testing
import Transport

/// Peers that break rules, stall, or do not read: each ends its connection, in good order where there is
/// somebody to talk to, and with the reason told.
@Suite struct HostileWebSocketTests {
  private let clock = VirtualClock()
  private let loop: EventLoop

  init() throws { loop = try clock.loop() }

  private static let moment = Duration.milliseconds(1)

  /// A server of one WebSocket; it has upgraded once a client has shaken hands.
  private func server(
    _ configuration: WebSocketPeer.Configuration = .init(), for heard: Heard
  ) throws -> HTTPServer {
    try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      responder.upgrade(request, configuration: configuration)?.onEvent = heard.take
    }
  }

  private func pass(_ duration: Duration) throws {
    clock.advance(by: duration)
    try loop.turnAtOnce()
  }

  @Test(arguments: HostileFrames.all)
  func `a server that breaks a rule is told so, and left`(frames: HostileFrames) throws {
    let server = try UpgradeText.server(loop, then: frames.bytes)
    let client = try UpgradeText.client(loop, server.port)
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.frames.closeCode != nil })
    #expect(server.peers[0].frames.closeCode == frames.violation.closeCode)
    // The server reads it in peace.
    #expect(heard.end == nil)
    server.close()
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .violation(frames.violation))
  }

  @Test(arguments: HostileFrames.all)
  func `a client that breaks a rule is told so, and left`(frames: HostileFrames) throws {
    let heard = Heard()
    let server = try server(for: heard)
    let client = try RawClient(loop, port: server.port)
    client.send(Array(UpgradeText.request.utf8) + frames.masked)
    try loop.run(until: { client.isEnded })
    #expect(client.frames.closeCode == frames.violation.closeCode)
    // It does not hang up: it is not waited for.
    try pass(.seconds(1))
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .violation(frames.violation))
    #expect(server.openConnections == 0)
    server.close()
  }

  @Test func `each side refuses the other's kind of frame`() throws {
    let server = try UpgradeText.server(loop, then: [0x81, 0x81, 0, 0, 0, 0, 0x61])
    let client = try UpgradeText.client(loop, server.port)
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.frames.closeCode != nil })
    #expect(server.peers[0].frames.closeCode == .protocolError)
    server.close()
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .violation(.maskForbidden))

    let served = Heard()
    let ours = try self.server(for: served)
    let stranger = try RawClient(loop, port: ours.port)
    stranger.send(Array(UpgradeText.request.utf8) + [0x81, 0x01, 0x61])
    try loop.run(until: { stranger.isEnded })
    #expect(stranger.frames.closeCode == .protocolError)
    ours.close()
  }

  @Test func `a message over the owner's limit ends it, and one at the limit does not`() throws {
    let server = try UpgradeText.server(
      loop, then: [0x81, 0x03, 0x61, 0x62, 0x63, 0x81, 0x04, 0x61, 0x62, 0x63, 0x64])
    let client = try UpgradeText.client(loop, server.port) { $0.peer.messageMaximum = 3 }
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.frames.closeCode != nil })
    #expect(server.peers[0].frames.closeCode == .messageTooBig)
    #expect(heard.events == [.opened, .text("abc")])
    server.close()
  }

  @Test func `the end of the connection without a close frame is a loss`() throws {
    for bytes in [[], [0x81], [0x81, 0x05, 0x61]] as [[UInt8]] {
      let server = try UpgradeText.server(loop, then: bytes)
      let client = try UpgradeText.client(loop, server.port)
      let heard = client.begin()
      try loop.run(until: { heard.isOpen })
      server.close()
      try loop.run(until: { heard.end != nil })
      #expect(heard.events == [.opened, .closed(.lost(.peerClosed))])
    }
  }

  @Test func `why the peer went is told, even when writing shows first that it is gone`() throws {
    let server = try UpgradeText.server(loop)
    let client = try UpgradeText.client(loop, server.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    // What it has not read makes its end a reset.
    client.send(text: "unread")
    server.peers[0].send([0x88, 0x02, 0x03, 0xF0])
    server.close()
    client.send(text: "to nobody")
    #expect(heard.events == [.opened])
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .closedByPeer(.policyViolation, ""))
  }

  @Test func `writing to a peer that is gone is a loss`() throws {
    let server = try UpgradeText.server(loop)
    let client = try UpgradeText.client(loop, server.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    client.send(text: "unread")
    server.close()
    for _ in 0..<3 { client.send(text: "to nobody") }
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .lost(.system(SystemError("send", number: ECONNRESET))))
    #expect(heard.events.count == 2)
  }

  // MARK: - Deadlines

  @Test(arguments: ["", "HTTP/1.1 101 Switching", "HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\nnot"])
  func `an upgrade that is not answered ends at its deadline`(answer: String) throws {
    let server = try RawServer(loop) { peer in if !answer.isEmpty { peer.send(answer) } }
    let client = try UpgradeText.client(loop, server.port) { $0.upgradeDeadline = .seconds(3) }
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.received.isEmpty == false })
    try loop.turnAtOnce()
    try pass(.seconds(3) - Self.moment)
    #expect(heard.end == nil)
    clock.advance(by: Self.moment)
    try loop.run(until: { heard.end != nil })
    if answer.contains("404") {
      #expect(heard.end == .refused(.status(404, "not")))
    } else {
      let error = try #require(heard.end?.connectionError)
      #expect(error.reason == .deadline)
      #expect(error.phase == (answer.isEmpty ? .firstByte : .body))
      #expect(error.progress == .perhapsSent)
    }
    server.close()
  }

  @Test func `a TLS handshake that is never answered ends at its deadline`() throws {
    let server = try RawServer(loop)
    let client = WebSocketClient(
      loop: loop, endpoint: try Endpoint(webSocket: "wss://127.0.0.1:\(server.port)"), target: "",
      tls: try TLSContext(client: .system), configuration: .init(idleMaximum: .seconds(60)))
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.received.isEmpty == false })
    try pass(.seconds(5) - Self.moment)
    #expect(heard.end == nil)
    // The name is not looked up again for an address, and there is no other one.
    clock.advance(by: Self.moment)
    try loop.run(until: { heard.end != nil })
    let error = try #require(heard.end?.connectionError)
    #expect(error.reason == .deadline)
    #expect(error.phase == .handshake)
    server.close()
  }

  @Test func `a silent server ends it after the owner's time, and any byte counts`() throws {
    let server = try UpgradeText.server(loop)
    let client = try UpgradeText.client(loop, server.port, idleMaximum: .seconds(10))
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    // A message, a ping, a pong, and the first byte of a frame.
    for bytes in [[0x81, 0x00], [0x89, 0x00], [0x8A, 0x00], [0x81]] as [[UInt8]] {
      try pass(.seconds(10) - Self.moment)
      server.peers[0].send(bytes)
      try loop.run(until: { server.peers[0].isAllReceived })
      try loop.turnAtOnce()
    }
    try pass(.seconds(10) - Self.moment)
    #expect(heard.events == [.opened, .text("")])
    clock.advance(by: Self.moment)
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .idle(.seconds(10)))
    #expect(heard.end?.description == "nothing was received for 10000 ms")
    server.close()
  }

  @Test func `what we send does not keep a silent connection`() throws {
    let server = try UpgradeText.server(loop)
    let client = try UpgradeText.client(loop, server.port, idleMaximum: .seconds(10))
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    for _ in 0..<4 {
      client.ping()
      client.send(text: "x")
      try pass(.milliseconds(2_500))
    }
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .idle(.seconds(10)))
    server.close()
  }

  @Test func `a close that is not answered ends at its deadline`() throws {
    let server = try UpgradeText.server(loop)
    let client = try UpgradeText.client(loop, server.port) { $0.peer.closingDeadline = .seconds(4) }
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    client.close(.goingAway, reason: "bye")
    try loop.run(until: { server.peers[0].frames.closeCode == .goingAway })
    // Messages of before the peer saw it are not told, and none of them counts as its answer.
    server.peers[0].send([0x81, 0x01, 0x61, 0x89, 0x00])
    try loop.turnAtOnce()
    try pass(.seconds(4) - Self.moment)
    #expect(heard.events == [.opened])
    clock.advance(by: Self.moment)
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .closingUnanswered)
    // One frame: no pong behind it.
    #expect(server.peers[0].frames.count == 11)
    server.close()
  }

  @Test func `a peer that closes and does not hang up is not waited for`() throws {
    let server = try UpgradeText.server(loop, then: [0x88, 0x02, 0x03, 0xE9, 0x81, 0x01, 0x61])
    let client = try UpgradeText.client(loop, server.port)
    let heard = client.begin()
    try loop.run(until: { server.peers.last?.frames.closeCode == .goingAway })
    try pass(.seconds(1) - Self.moment)
    #expect(heard.events == [.opened])
    try pass(Self.moment)
    try loop.run(until: { heard.end != nil })
    #expect(heard.events == [.opened, .closed(.closedByPeer(.goingAway, ""))])
    server.close()
  }

  // MARK: - Peers that do not read

  @Test func `a client that does not read ends at the limit of what waits for it`() throws {
    let heard = Heard()
    var peer: WebSocketPeer?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      var configuration = WebSocketPeer.Configuration()
      configuration.outputMaximum = 100_000
      peer = responder.upgrade(request, configuration: configuration)
      peer?.onEvent = heard.take
    }
    let client = try RawClient(loop, port: server.port, reads: false)
    client.send(UpgradeText.request)
    try loop.run(until: { peer != nil })
    let message = [UInt8](repeating: 0x61, count: 50_000)
    var sent = 0
    // What the two socket buffers swallow comes on top.
    while heard.end == nil, sent < 1_000 {
      peer?.send(binary: message)
      sent += 1
      try loop.turnAtOnce()
    }
    #expect(heard.events == [.closed(.outputFull)])
    #expect(server.openConnections == 0)
    server.close()
  }

  @Test func `a client that asks for pongs and does not read them ends at that limit too`() throws {
    let ping = [0x89, 0x7D] + [UInt8](repeating: 0x61, count: 125)
    let heard = Heard()
    var peer: WebSocketPeer?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      var configuration = WebSocketPeer.Configuration()
      configuration.outputMaximum = 10_000
      peer = responder.upgrade(request, configuration: configuration)
      peer?.onEvent = heard.take
    }
    let client = try RawClient(loop, port: server.port, reads: false)
    let masked = [ping[0], ping[1] | 0x80, 0, 0, 0, 0] + ping.dropFirst(2)
    client.send(UpgradeText.request)
    try loop.run(until: { peer != nil })
    var rounds = 0
    while heard.end == nil, rounds < 2_000 {
      client.send([[UInt8]](repeating: masked, count: 100).flatMap(\.self))
      try loop.turnAtOnce()
      rounds += 1
    }
    #expect(heard.events == [.closed(.outputFull)])
    server.close()
  }

  @Test func `a slow reader that keeps up with the limit gets everything`() throws {
    let heard = Heard()
    var peer: WebSocketPeer?
    let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
      peer = responder.upgrade(request)
      peer?.onEvent = heard.take
    }
    let client = try RawClient(loop, port: server.port, reads: false)
    client.send(UpgradeText.request)
    try loop.run(until: { peer != nil })
    let message = [UInt8](repeating: 0x62, count: 900_000)
    // More than the socket takes, less than the limit on top.
    for _ in 0..<3 { peer?.send(binary: message) }
    try client.read()
    try loop.run(until: { client.frames.count == 3 * (message.count + 10) })
    for _ in 0..<3 { peer?.send(binary: message) }
    try loop.run(until: { client.frames.count == 6 * (message.count + 10) })
    #expect(heard.events == [])
    server.close()
  }
}
