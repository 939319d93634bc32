import Domain
import Platform
import Testing
import Transport

/// Our client and our server with each other, plain and under TLS.
@Suite struct WebSocketTests {
  private let loop: EventLoop
  private let certificates: Certificates

  init() throws {
    loop = try EventLoop()
    certificates = try Certificates.shared.get()
  }

  /// A server whose peers are kept with what they heard.
  private final class Exchange {
    private(set) var server: HTTPServer?
    private(set) var peers: [(peer: WebSocketPeer, heard: Heard)] = []
    private(set) var paths: [String] = []

    init(
      _ loop: EventLoop, tls: TLSContext? = nil,
      _ configuration: WebSocketPeer.Configuration = .init(),
      _ connected: @escaping (WebSocketPeer, Heard) -> Void = { _, _ in }
    ) throws {
      server = try HTTPServer(loop: loop, port: 0, tls: tls) { [weak self] request, responder in
        guard let self, let peer = responder.upgrade(request, configuration: configuration)
        else { return }
        let heard = peer.listen()
        paths.append(request.path + (request.query.map { "?" + $0 } ?? ""))
        peers.append((peer, heard))
        connected(peer, heard)
      }
    }

    var port: UInt16 { server?.port ?? 0 }
  }

  private func tls() throws -> TLSContext {
    try TLSContext(
      serverCertificate: certificates.good.certificate, key: certificates.good.key)
  }

  private func secureClient(_ port: UInt16, trusting authority: String? = nil) throws
    -> WebSocketClient
  {
    WebSocketClient(
      loop: loop, endpoint: try Endpoint(webSocket: "wss://localhost:\(port)/ws"), target: "?a=b",
      tls: try TLSContext(client: .file(authority ?? certificates.authority)),
      configuration: .init(idleMaximum: .seconds(60)))
  }

  private static func echo(_ peer: WebSocketPeer, _ heard: Heard) {
    heard.onEvent = { [unowned peer] event in
      switch event {
      case .text(let text): peer.send(text: text)
      case .binary(let bytes): peer.send(binary: bytes)
      case .opened, .closed: break
      }
    }
  }

  @Test(arguments: [false, true])
  func `messages of all sizes come back as they were sent`(isSecure: Bool) throws {
    let exchange = try Exchange(loop, tls: isSecure ? tls() : nil, .init(), Self.echo)
    let client =
      try isSecure
      ? secureClient(exchange.port) : UpgradeText.client(loop, exchange.port, "/ws?a=b")
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    var sent: [WebSocketEvent] = [.opened]
    for count in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      client.send(binary: bytes)
      sent.append(.binary(bytes))
      let text = String(repeating: "ü😀", count: count / 6)
      client.send(text: text)
      sent.append(.text(text))
    }
    try loop.run(until: { heard.events.count == sent.count })
    #expect(heard.events == sent)
    #expect(exchange.paths == ["/ws?a=b"])
    client.close()
    try loop.run(until: { heard.end != nil && exchange.peers[0].heard.end != nil })
    #expect(heard.end == .closedByOwner)
    #expect(exchange.peers[0].heard.end == .closedByPeer(.normal, ""))
    #expect(exchange.server?.openConnections == 0)
    exchange.server?.close()
  }

  @Test func `a certificate that is not trusted ends it before a byte of the request leaves`()
    throws
  {
    let exchange = try Exchange(loop, tls: tls())
    let client = try secureClient(exchange.port, trusting: certificates.otherAuthority)
    let heard = client.begin()
    try loop.run(until: { heard.end != nil })
    let error = try #require(heard.end?.connectionError)
    #expect(error.phase == .handshake)
    #expect(error.progress == .notSent)
    #expect(exchange.paths.isEmpty)
    exchange.server?.close()
  }

  @Test(arguments: [false, true])
  func `the server may close, with a code and a reason`(isSecure: Bool) throws {
    let exchange = try Exchange(loop, tls: isSecure ? tls() : nil)
    let client =
      try isSecure ? secureClient(exchange.port) : UpgradeText.client(loop, exchange.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    let (peer, served) = exchange.peers[0]
    peer.send(text: "last")
    peer.close(.goingAway, reason: "maintenance")
    peer.send(text: "too late")
    try loop.run(until: { heard.end != nil && served.end != nil })
    #expect(
      heard.events == [
        .opened, .text("last"), .closed(.closedByPeer(.goingAway, "maintenance")),
      ])
    #expect(
      heard.end?.description == "the peer closed it with code 1001 (going away): maintenance")
    #expect(served.end == .closedByOwner)
    #expect(!client.isOpen)
    exchange.server?.close()
  }

  @Test func `both may close at once`() throws {
    let exchange = try Exchange(loop)
    let client = try UpgradeText.client(loop, exchange.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    client.close()
    exchange.peers[0].peer.close(.goingAway)
    try loop.run(until: { heard.end != nil && exchange.peers[0].heard.end != nil })
    #expect(heard.end == .closedByOwner)
    #expect(exchange.peers[0].heard.end == .closedByOwner)
    exchange.server?.close()
  }

  @Test func `a ping is answered, and a pong is not told`() throws {
    let exchange = try Exchange(loop)
    let client = try UpgradeText.client(loop, exchange.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    client.ping(Array("are you there".utf8))
    exchange.peers[0].peer.ping()
    exchange.peers[0].peer.sendRaw([0x8A, 0x01, 0x61])
    client.send(text: "behind the ping")
    exchange.peers[0].peer.send(text: "behind the pong")
    try loop.run(until: { heard.events.count == 2 && exchange.peers[0].heard.events.count == 1 })
    #expect(heard.events == [.opened, .text("behind the pong")])
    #expect(exchange.peers[0].heard.events == [.text("behind the ping")])
    exchange.server?.close()
  }

  @Test func `an owner is never called inside a call of its own`() throws {
    let exchange = try Exchange(loop, .init(), Self.echo)
    let client = try UpgradeText.client(loop, exchange.port)
    let heard = Heard()
    var depth = 0
    client.onEvent = { event in
      #expect(depth == 0)
      depth += 1
      heard.take(event)
      switch event {
      case .opened, .binary: client.send(text: "1")
      case .text("1"): client.send(text: "2")
      // Everything that could end it, from within.
      case .text:
        exchange.peers[0].peer.reset()
        for _ in 0..<100 { client.send(text: "3") }
        client.close()
      case .closed: client.close()
      }
      depth -= 1
    }
    client.start()
    try loop.run(until: { heard.end != nil })
    #expect(heard.texts == ["1", "2"])
    try loop.run(for: .milliseconds(5))
    #expect(heard.events.count == 4)
    exchange.server?.close()
  }

  @Test func `a client that is let go tells nothing and leaves nothing open`() throws {
    let exchange = try Exchange(loop)
    var client: WebSocketClient? = try UpgradeText.client(loop, exchange.port)
    let heard = client?.begin()
    try loop.run(until: { heard?.isOpen == true })
    client = nil
    try loop.run(until: { exchange.server?.openConnections == 0 })
    #expect(heard?.events == [.opened])
    #expect(exchange.peers[0].heard.end == .lost(.peerClosed))
    exchange.server?.close()
  }

  @Test func `a client may be closed before it is open`() throws {
    let exchange = try Exchange(loop)
    for turns in 0...2 {
      let client = try UpgradeText.client(loop, exchange.port)
      let heard = client.begin()
      for _ in 0..<turns { try loop.turn(until: loop.now) }
      client.send(text: "dropped")
      client.close()
      #expect(heard.end == nil)
      try loop.run(until: { heard.end != nil })
      #expect(heard.events.last == .closed(.closedByOwner))
    }
    try loop.run(until: { exchange.server?.openConnections == 0 })
    exchange.server?.close()
  }

  @Test func `a server that closes drops its WebSockets`() throws {
    let exchange = try Exchange(loop)
    let client = try UpgradeText.client(loop, exchange.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    exchange.server?.close()
    try loop.run(until: { heard.end != nil })
    #expect(heard.end == .lost(.peerClosed))
    #expect(exchange.peers[0].heard.events == [])
  }

  @Test(arguments: [false, true])
  func `a reset in the middle of a frame loses the message and not the reason`(
    isSecure: Bool
  ) throws {
    let exchange = try Exchange(loop, tls: isSecure ? tls() : nil)
    let client =
      try isSecure ? secureClient(exchange.port) : UpgradeText.client(loop, exchange.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    let (peer, served) = exchange.peers[0]
    peer.send(text: "whole")
    peer.sendRaw([0x82, 0x7E, 0x01, 0x00, 0x61, 0x62])
    try loop.run(until: { heard.texts == ["whole"] })
    peer.reset()
    try loop.run(until: { heard.end != nil && served.end != nil })
    #expect(heard.events.count == 3)
    #expect(heard.end?.description.contains("Connection reset by peer") == true)
    #expect(served.end == .closedByOwner)
    #expect(exchange.server?.openConnections == 0)
    exchange.server?.close()
  }

  @Test(arguments: [false, true])
  func `random messages in random fragments and pieces arrive whole`(isSecure: Bool) throws {
    let exchange = try Exchange(loop, tls: isSecure ? tls() : nil)
    let client =
      try isSecure ? secureClient(exchange.port) : UpgradeText.client(loop, exchange.port)
    let heard = client.begin()
    try loop.run(until: { heard.isOpen })
    let peer = exchange.peers[0].peer
    var random = SeededFrames(seed: isSecure ? 1 : 2)
    var expected: [WebSocketEvent] = [.opened]
    for _ in 0..<200 {
      let (message, bytes) = random.message(role: .server)
      expected.append(message)
      for piece in random.pieces(of: bytes) {
        peer.sendRaw(Array(piece))
        if random.below(4) == 0 { try loop.turn(until: loop.now) }
      }
    }
    try loop.run(until: { heard.events.count == expected.count })
    #expect(heard.events == expected)
    exchange.server?.close()
  }
}
