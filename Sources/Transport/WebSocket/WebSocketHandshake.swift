import COpenSSL
import Platform

/// The opening handshake, both sides of it (RFC 6455 §4). Pure.
enum WebSocketHandshake {
  static let version = "13"
  /// RFC 6455 §4.1: 16 bytes, in base64.
  private static let keyBytes = 16

  /// A key that no other connection has.
  static func key(_ random: WebSocketRandom) -> String {
    var bytes: [UInt8] = []
    for _ in 0..<(keyBytes / 4) { WebSocketMask(random()).append(to: &bytes) }
    return base64(bytes)
  }

  /// What answers this key: proof that the server speaks the protocol, and nothing more.
  static func accept(_ key: String) -> String {
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    let done = unsafe EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil)
    invariant(done == 1, "SHA-1 is part of every OpenSSL")
    return base64(digest)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    // EVP_EncodeBlock(3): four characters for every three bytes begun, and a zero byte.
    var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = unsafe EVP_EncodeBlock(&text, bytes, CInt(bytes.count))
    return String(decoding: text.prefix(Int(count)), as: UTF8.self)
  }

  // MARK: - The client

  /// The target as it is sent: `target` is empty or begins with `/` or `?`, already encoded, and goes
  /// behind the endpoint's prefix. Nil when it could be read in two ways.
  static func target(_ endpoint: Endpoint, _ target: String) -> String? {
    let first = target.utf8.first
    guard first == nil || first == UInt8(ascii: "/") || first == UInt8(ascii: "?"),
      target.utf8.allSatisfy({ $0.isVisibleASCII && $0 != UInt8(ascii: "#") })
    else { return nil }
    let whole = endpoint.prefix + target
    return whole.utf8.first == UInt8(ascii: "/") ? whole : "/" + whole
  }

  static func request(
    _ endpoint: Endpoint, target: String, key: String, userAgent: String
  ) -> [UInt8] {
    Array(
      """
      GET \(target) HTTP/1.1\r
      Host: \(endpoint.authority)\r
      User-Agent: \(userAgent)\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Key: \(key)\r
      Sec-WebSocket-Version: \(version)\r
      \r\n
      """.utf8)
  }

  /// What is wrong with the fields of a 101 (RFC 6455 §4.1). Neither an extension nor a subprotocol is
  /// ever asked for.
  static func flaw(in fields: HTTPFields, key: String) -> WebSocketRefusal? {
    let upgrades = fields.values(of: "Upgrade")
    guard upgrades.count == 1, upgrades[0].hasSameLetters(as: "websocket")
    else { return .upgradeInvalid }
    guard fields.lists("Upgrade", in: "Connection") else { return .connectionInvalid }
    guard fields.values(of: "Sec-WebSocket-Accept") == [accept(key)] else { return .acceptInvalid }
    guard fields.first("Sec-WebSocket-Extensions") == nil else { return .extensionUnasked }
    guard fields.first("Sec-WebSocket-Protocol") == nil else { return .subprotocolUnasked }
    return nil
  }

  // MARK: - The server

  enum Judgement {
    /// With the fields of the 101.
    case upgrade(HTTPFields)
    case refusal(HTTPResponse)
  }

  /// Whether a request may become a WebSocket (RFC 6455 §4.2.1).
  static func judge(_ request: ReceivedRequest) -> Judgement {
    let fields = request.headers
    guard request.method == "GET", request.body.isEmpty, !request.isHTTP10
    else { return refuse(400, "a WebSocket begins as a GET of HTTP/1.1 without a body") }
    guard fields.lists("websocket", in: "Upgrade") else {
      return refuse(
        426, "only WebSockets are spoken here",
        [("Upgrade", "websocket"), ("Connection", "Upgrade")])
    }
    guard fields.lists("Upgrade", in: "Connection")
    else { return refuse(400, "Connection does not name Upgrade") }
    guard fields.values(of: "Sec-WebSocket-Version") == [version] else {
      return refuse(
        426, "only version \(version) is spoken here", [("Sec-WebSocket-Version", version)])
    }
    let keys = fields.values(of: "Sec-WebSocket-Key")
    guard keys.count == 1, isKey(keys[0])
    else { return refuse(400, "Sec-WebSocket-Key is not one key of 16 bytes") }
    return .upgrade([
      ("Upgrade", "websocket"), ("Connection", "Upgrade"),
      ("Sec-WebSocket-Accept", accept(keys[0])),
    ])
  }

  private static func refuse(
    _ status: Int, _ text: String, _ headers: HTTPFields = []
  ) -> Judgement {
    .refusal(
      HTTPResponse(
        status: status, headers: headers + [("Content-Type", "text/plain")],
        body: Array("\(text)\n".utf8)))
  }

  /// 22 digits of base64 and two signs that fill up.
  private static func isKey(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 24 && bytes[22...].elementsEqual("==".utf8)
      && bytes[..<22].allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F: true
        default: false
        }
      }
  }
}
