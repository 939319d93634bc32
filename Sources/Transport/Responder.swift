import Domain
import Platform

/// The way back to one request: answers it, now or later, well or badly. Only the first answer counts;
/// after the client has gone nothing happens. A responder that is dropped without a word closes the
/// connection.
package final class Responder {
  private weak var connection: ServerConnection?
  private let number: Int
  /// Weak, because a timer of the loop may hold this responder.
  private weak var loop: EventLoop?
  private var isFinished = false

  init(_ connection: ServerConnection, number: Int, loop: EventLoop) {
    self.connection = connection
    self.number = number
    self.loop = loop
  }

  deinit {
    if !isFinished { connection?.finishAnswer(number, keepAlive: false) }
  }

  /// Adds Content-Length; the connection stays open if the client wants it and no header says
  /// otherwise.
  package func respond(_ response: HTTPResponse) {
    guard finish() else { return }
    connection?.answer(number, response)
  }

  package func respond(_ status: Int, headers: HTTPFields = [], body: [UInt8] = []) {
    respond(HTTPResponse(status: status, headers: headers, body: body))
  }

  /// Answers after a while.
  package func respond(_ response: HTTPResponse, after delay: Duration) {
    guard let loop else { return }
    loop.schedule(at: loop.now.advanced(by: delay)) { self.respond(response) }
  }

  /// Begins an answer without a length, which ends with its connection. Nil when one was given before.
  package func stream(_ response: HTTPResponse) -> ResponseStream? {
    guard finish() else { return nil }
    connection?.sendRaw(number, response.streamHead)
    return ResponseStream(connection, number: number)
  }

  /// Makes a WebSocket of the connection. Nil when the client has gone, and when the request does not
  /// ask for one as RFC 6455 §4.2.1 wants it: it is then answered with 400 or 426.
  package func upgrade(
    _ request: ReceivedRequest,
    configuration: WebSocketPeer.Configuration = WebSocketPeer.Configuration()
  ) -> WebSocketPeer? {
    switch WebSocketHandshake.judge(request) {
    case .refusal(let response):
      respond(response)
      return nil
    case .upgrade(let fields):
      guard finish() else { return nil }
      return connection?.upgrade(number, fields, configuration)
    }
  }

  // MARK: - Misbehaviour

  /// Closes in good order without an answer.
  package func close() {
    sendRaw([], keepAlive: false)
  }

  /// Closes in good order after the first `count` bytes of what the answer would have been.
  package func respond(_ response: HTTPResponse, cutAfter count: Int) {
    sendRaw(Array(response.bytes(keepAlive: true).prefix(count)), keepAlive: false)
  }

  /// Sends exactly these bytes instead of an answer; then closes, or goes on with the next request.
  package func sendRaw(_ bytes: [UInt8], keepAlive: Bool) {
    guard finish() else { return }
    connection?.sendRaw(number, bytes)
    connection?.finishAnswer(number, keepAlive: keepAlive)
  }

  /// Sends these bytes, then resets the connection (RST).
  package func reset(after bytes: [UInt8] = []) {
    end(.reset, after: bytes)
  }

  /// Sends these bytes, then closes without TLS's close_notify; a plain connection sees a normal end.
  package func vanish(after bytes: [UInt8] = []) {
    end(.unannounced, after: bytes)
  }

  private func end(_ ending: ServerConnection.Ending, after bytes: [UInt8]) {
    guard finish() else { return }
    connection?.sendRaw(number, bytes)
    connection?.end(number, ending)
  }

  /// Sends these bytes `piece` at a time, one piece every `pause`; then closes or goes on.
  package func trickle(
    _ bytes: [UInt8], piece: Int, every pause: Duration, keepAlive: Bool
  ) {
    guard finish() else { return }
    tricklePiece(bytes[...], max(1, piece), pause, keepAlive)
  }

  private func tricklePiece(
    _ rest: ArraySlice<UInt8>, _ piece: Int, _ pause: Duration, _ keepAlive: Bool
  ) {
    guard let connection, let loop else { return }
    guard !rest.isEmpty else {
      connection.finishAnswer(number, keepAlive: keepAlive)
      return
    }
    connection.sendRaw(number, Array(rest.prefix(piece)))
    loop.schedule(at: loop.now.advanced(by: pause)) {
      self.tricklePiece(rest.dropFirst(piece), piece, pause, keepAlive)
    }
  }

  private func finish() -> Bool {
    defer { isFinished = true }
    return !isFinished
  }
}

/// An answer that goes on. Ends, and its connection with it, when nobody holds it.
package final class ResponseStream {
  private weak var connection: ServerConnection?
  private let number: Int

  init(_ connection: ServerConnection?, number: Int) {
    self.connection = connection
    self.number = number
  }

  deinit { connection?.finishAnswer(number, keepAlive: false) }

  /// Bytes that the client has not taken yet; nil when it has gone.
  package var backlog: Int? { connection?.backlog(number) }

  /// Does nothing when the client has gone.
  package func send(_ bytes: [UInt8]) { connection?.sendRaw(number, bytes) }
}

extension HTTPResponse {
  /// What a server says to a request that it cannot read.
  init(_ violation: HTTPViolation) {
    let status =
      switch violation {
      case .headTooLarge, .tooManyFields: 431
      case .bodyTooLarge: 413
      case .transferCodingUnsupported: 501
      case .versionUnsupported: 505
      case .expectationUnknown: 417
      case .startLineInvalid, .lineEndInvalid, .fieldInvalid, .fieldFolded, .contentLengthInvalid,
        .contentLengthRepeated, .lengthAndCoding, .contentCodingUnsupported, .chunkInvalid,
        .bodyForbidden, .tooManyInterimResponses, .switchedProtocols, .hostInvalid,
        .unsolicitedBytes, .truncated:
        400
      }
    self.init(
      status: status, headers: [("Content-Type", "text/plain")],
      body: Array("\(violation)\n".utf8))
  }

  /// As a server sends it.
  package func bytes(keepAlive: Bool) -> [UInt8] { head(keepAlive: keepAlive) + content }

  /// All but the body; it says how long that is.
  func head(keepAlive: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    // RFC 9110 §8.6: none in 204 and 1xx.
    if status != 204 && status >= 200 { head += "Content-Length: \(content.count)\r\n" }
    if !keepAlive && headers.first("Connection") == nil { head += "Connection: close\r\n" }
    return Array((head + "\r\n").utf8)
  }

  /// RFC 9112 §6.3: without a length, the body ends with the connection.
  fileprivate var streamHead: [UInt8] {
    var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    return Array((head + "Connection: close\r\n\r\n").utf8)
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 101: "Switching Protocols"
    case 200: "OK"
    case 204: "No Content"
    case 303: "See Other"
    case 307: "Temporary Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 418: "I'm a teapot"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}
