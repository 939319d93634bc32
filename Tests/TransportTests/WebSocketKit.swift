import Domain
import Platform
import Testing
import Transport

/// What the owner of a WebSocket heard.
final class Heard {
  private(set) var events: [WebSocketEvent] = []
  /// Called with every event after it is kept.
  var onEvent: (WebSocketEvent) -> Void = { _ in }

  func take(_ event: WebSocketEvent) {
    events.append(event)
    onEvent(event)
  }

  var isOpen: Bool { events.first == .opened }

  var end: WebSocketEnd? {
    for case .closed(let end) in events { return end }
    return nil
  }

  var texts: [String] {
    events.compactMap { if case .text(let text) = $0 { text } else { nil } }
  }
}

extension WebSocketEnd {
  var connectionError: TransportError? {
    if case .notConnected(let error) = self { error } else { nil }
  }
}

extension WebSocketClient {
  /// Starts it; what is heard from then on.
  func begin() -> Heard {
    let heard = Heard()
    onEvent = heard.take
    start()
    return heard
  }
}

extension WebSocketPeer {
  func listen() -> Heard {
    let heard = Heard()
    onEvent = heard.take
    return heard
  }
}

/// The opening handshake of both sides, in bytes.
enum UpgradeText {
  /// RFC 6455 §1.3.
  static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  static let request = """
    GET /ws HTTP/1.1\r
    Host: x\r
    Upgrade: websocket\r
    Connection: Upgrade\r
    Sec-WebSocket-Key: \(key)\r
    Sec-WebSocket-Version: 13\r
    \r\n
    """

  static let answer = """
    HTTP/1.1 101 Switching Protocols\r
    Upgrade: websocket\r
    Connection: Upgrade\r
    Sec-WebSocket-Accept: \(accept)\r
    \r\n
    """

  /// A random source whose first four numbers make `key`, and whose masks change nothing after that.
  static func random() -> WebSocketRandom {
    var numbers = Array("the sample nonce".utf8)[...]
    return {
      defer { numbers = numbers.dropFirst(4) }
      return numbers.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  static func client(
    _ loop: EventLoop, _ port: UInt16, _ target: String = "/ws",
    idleMaximum: Duration = .seconds(3_600),
    _ change: (inout WebSocketClient.Configuration) -> Void = { _ in }
  ) throws -> WebSocketClient {
    var configuration = WebSocketClient.Configuration(idleMaximum: idleMaximum)
    change(&configuration)
    return WebSocketClient(
      loop: loop, endpoint: try Endpoint(webSocket: "ws://127.0.0.1:\(port)"), target: target,
      tls: nil, configuration: configuration, random: random())
  }

  /// A server that knows nothing but to upgrade, and sends `bytes` along with its answer.
  static func server(_ loop: EventLoop, then bytes: [UInt8] = []) throws -> RawServer {
    try RawServer(loop) { peer in
      guard peer.received.ends(with: "\r\n\r\n") else { return }
      peer.send(Array(answer.utf8) + bytes)
    }
  }
}

extension RawServer.Peer {
  /// Behind the request.
  var frames: [UInt8] {
    guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
    return Array(received[end.upperBound...])
  }
}

extension RawClient {
  /// Behind the answer.
  var frames: [UInt8] {
    guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
    return Array(received[end.upperBound...])
  }
}

extension [UInt8] {
  fileprivate func ends(with text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }

  /// The code in a close frame, whose mask, if there is one, changes nothing; nil for other bytes.
  var closeCode: WebSocketCloseCode? {
    guard count >= 2, self[0] == 0x88 else { return nil }
    let start = self[1] & 0x80 == 0 ? 2 : 6
    guard count >= start + 2 else { return nil }
    return WebSocketCloseCode(rawValue: UInt16(self[start]) << 8 | UInt16(self[start + 1]))
  }
}
