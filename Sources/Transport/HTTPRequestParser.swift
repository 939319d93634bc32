/// A whole request as a server reads it.
package struct ReceivedRequest: Sendable {
  package let method: String
  /// The target up to the first `?`, as it came (still percent-encoded).
  package let path: String
  /// What follows the first `?`, as it came; nil without one.
  package let query: String?
  package let headers: HTTPFields
  package let body: [UInt8]
  /// The number of the connection that it came on; no other connection of the server has it.
  package let connection: Int
  package let isHTTP10: Bool

  package init(
    method: String, path: String, query: String?, headers: HTTPFields, body: [UInt8],
    connection: Int, isHTTP10: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.connection = connection
    self.isHTTP10 = isHTTP10
  }

  package func header(_ name: String) -> String? { headers.first(name) }
}

/// Reads the requests of one connection, as strictly as answers are read.
package struct HTTPRequestParser {
  package enum Step {
    case needMore
    /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). Said at most
    /// once a request; call `next` again.
    case wantsContinue
    case complete(ReceivedRequest, keepAlive: Bool)
    case failure(HTTPViolation)
  }

  private struct RequestLine {
    let method: String
    let target: String
    let isHTTP10: Bool
  }

  private enum State {
    case requestLine
    case fields(RequestLine)
    case body(RequestLine)
    case failed(HTTPViolation)
  }

  private var reader: HTTPMessageReader
  private var state = State.requestLine
  private var skippedEmptyLine = false
  private let connection: Int

  package init(limits: HTTPLimits = HTTPLimits(), connection: Int = 0) {
    reader = HTTPMessageReader(limits: limits)
    self.connection = connection
  }

  package mutating func append(_ bytes: Span<UInt8>) {
    reader.append(bytes)
  }

  /// The next request among the bytes that are there; later ones wait for later calls.
  package mutating func next() -> Step {
    do throws(HTTPViolation) {
      return try advance()
    } catch {
      state = .failed(error)
      return .failure(error)
    }
  }

  /// Gives up the bytes behind the request that came last, for another protocol (RFC 9110 §7.8).
  mutating func takeUnread() -> [UInt8] { reader.takeUnread() }

  private mutating func advance() throws(HTTPViolation) -> Step {
    while true {
      switch state {
      case .failed(let violation): throw violation
      case .requestLine:
        guard let line = try reader.line() else { return .needMore }
        // RFC 9112 §2.2: one empty line before a request is to be forgiven.
        if line.isEmpty && !skippedEmptyLine {
          skippedEmptyLine = true
          continue
        }
        state = .fields(try Self.requestLine(line))
      case .fields(let line):
        guard try reader.readFields() else { return .needMore }
        let expectsContinue = try checkFields(line)
        try reader.startBody(try framing(line))
        state = .body(line)
        if expectsContinue && reader.unread == 0 { return .wantsContinue }
      case .body(let line):
        guard try reader.readBody() else { return .needMore }
        return complete(line)
      }
    }
  }

  /// RFC 9112 §3.2 for Host; whether the client waits for `100 Continue`.
  private func checkFields(_ line: RequestLine) throws(HTTPViolation) -> Bool {
    let hosts = reader.fields.values(of: "Host")
    guard hosts.count == 1 || (hosts.isEmpty && line.isHTTP10) else { throw .hostInvalid }
    let expectations = reader.fields.values(of: "Expect")
    guard !expectations.isEmpty, !line.isHTTP10 else { return false }
    for expectation in expectations where !expectation.hasSameLetters(as: "100-continue") {
      throw .expectationUnknown
    }
    return true
  }

  private func framing(_ line: RequestLine) throws(HTTPViolation) -> HTTPMessageReader.Framing {
    let declared = try reader.declaredFraming()
    if declared == .chunked && line.isHTTP10 { throw .transferCodingUnsupported }
    return declared ?? .none
  }

  private mutating func complete(_ line: RequestLine) -> Step {
    let parts = line.target.split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let request = ReceivedRequest(
      method: line.method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil,
      headers: reader.fields, body: Array(reader.body), connection: connection,
      isHTTP10: line.isHTTP10)
    let keepAlive = !line.isHTTP10 && !reader.fields.lists("close", in: "Connection")
    reader.startMessage()
    state = .requestLine
    skippedEmptyLine = false
    return .complete(request, keepAlive: keepAlive)
  }

  /// RFC 9112 §3, origin form only: this server is no proxy.
  private static func requestLine(_ line: ArraySlice<UInt8>) throws(HTTPViolation) -> RequestLine {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(\.isToken),
      parts[1].first == 0x2F, parts[1].allSatisfy(\.isVisibleASCII)
    else { throw .startLineInvalid }
    let isHTTP10 = parts[2].elementsEqual("HTTP/1.0".utf8)
    guard isHTTP10 || parts[2].elementsEqual("HTTP/1.1".utf8) else { throw .versionUnsupported }
    return RequestLine(
      method: String(decoding: parts[0], as: UTF8.self),
      target: String(decoding: parts[1], as: UTF8.self), isHTTP10: isHTTP10)
  }
}
