/// A whole answer.
package struct HTTPResponse: Sendable {
  /// 100…599.
  package var status: Int
  package var headers: HTTPFields
  /// The body with its transfer coding undone; where it was received, until somebody changes it.
  package private(set) var content: ArraySlice<UInt8>

  package init(status: Int, headers: HTTPFields = [], body: [UInt8] = []) {
    self.init(status: status, headers: headers, content: body[...])
  }

  init(status: Int, headers: HTTPFields, content: ArraySlice<UInt8>) {
    self.status = status
    self.headers = headers
    self.content = content
  }

  /// A copy of the content.
  package var body: [UInt8] {
    get { Array(content) }
    set { content = newValue[...] }
  }

  /// The value of the first field of this name, whatever its case.
  package func header(_ name: String) -> String? { headers.first(name) }
}

/// Reads answers to requests that are neither HEAD nor CONNECT, one connection's bytes in, strictly by
/// RFC 9112: where two readers could see two different messages, it fails.
package struct HTTPResponseParser {
  package enum Step {
    case needMore
    /// `leftover` counts bytes after the answer; with any, the connection is not to be used again,
    /// and `keepAlive` is false.
    case complete(HTTPResponse, keepAlive: Bool, leftover: Int)
    case failure(HTTPViolation)
  }

  private enum State {
    case statusLine
    case fields(StatusLine)
    case body(StatusLine)
    case failed(HTTPViolation)
  }

  struct StatusLine {
    let status: Int
    let isHTTP10: Bool
  }

  private var reader: HTTPMessageReader
  private var state = State.statusLine
  private var interimResponses = 0

  package init(limits: HTTPLimits = HTTPLimits()) {
    reader = HTTPMessageReader(limits: limits)
  }

  /// Takes the next bytes. After `complete` the parser is ready for the next answer; after `failure`
  /// it goes on failing.
  package mutating func feed(_ bytes: Span<UInt8>) -> Step {
    reader.append(bytes)
    do throws(HTTPViolation) {
      return try advance()
    } catch {
      state = .failed(error)
      return .failure(error)
    }
  }

  /// The peer closed in good order (with TLS: after close_notify).
  package mutating func finish() -> Step {
    switch state {
    case .body(let line) where reader.endsByClose:
      return complete(line, keepAlive: false)
    case .statusLine, .fields, .body:
      state = .failed(.truncated)
      return .failure(.truncated)
    case .failed(let violation):
      return .failure(violation)
    }
  }

  private mutating func advance() throws(HTTPViolation) -> Step {
    while true {
      switch state {
      case .failed(let violation): throw violation
      case .statusLine:
        guard let line = try reader.line() else { return .needMore }
        state = .fields(try Self.statusLine(line))
      case .fields(let line):
        guard try reader.readFields() else { return .needMore }
        if line.status < 200 {
          try skipInterim(line)
          continue
        }
        try reader.startBody(try framing(line))
        state = .body(line)
      case .body(let line):
        guard try reader.readBody() else { return .needMore }
        return complete(line, keepAlive: !line.isHTTP10 && !closes)
      }
    }
  }

  private var closes: Bool { reader.fields.lists("close", in: "Connection") }

  private mutating func skipInterim(_ line: StatusLine) throws(HTTPViolation) {
    // RFC 9110 §15.2.2: only after an Upgrade field, and none is ever sent.
    guard line.status != 101 else { throw .switchedProtocols }
    guard try reader.declaredFraming() == nil else { throw .bodyForbidden }
    interimResponses += 1
    guard interimResponses <= HTTPLimits.interimMaximum else { throw .tooManyInterimResponses }
    reader.startMessage()
    state = .statusLine
  }

  /// RFC 9112 §6.3, for answers.
  private func framing(_ line: StatusLine) throws(HTTPViolation) -> HTTPMessageReader.Framing {
    for coding in reader.fields.values(of: "Content-Encoding")
    where !coding.hasSameLetters(as: "identity") {
      throw .contentCodingUnsupported
    }
    let declared = try reader.declaredFraming()
    if declared == .chunked && line.isHTTP10 { throw .transferCodingUnsupported }
    switch line.status {
    case 204:
      guard declared == nil || declared == .length(0) else { throw .bodyForbidden }
      return .none
    // A length here is that of the body that is not sent (RFC 9110 §8.6).
    case 304:
      guard declared != .chunked else { throw .bodyForbidden }
      return .none
    default:
      return declared ?? .untilClose
    }
  }

  private mutating func complete(_ line: StatusLine, keepAlive: Bool) -> Step {
    let response = HTTPResponse(
      status: line.status, headers: reader.fields, content: reader.body)
    reader.startMessage()
    let leftover = reader.unread
    state = .statusLine
    interimResponses = 0
    return .complete(response, keepAlive: keepAlive && leftover == 0, leftover: leftover)
  }

  /// RFC 9112 §4. The blank before an empty reason is often left out; that is no other meaning.
  static func statusLine(_ line: ArraySlice<UInt8>) throws(HTTPViolation) -> StatusLine {
    let start = line.startIndex
    guard line.count >= 12, line[start..<(start + 5)].elementsEqual("HTTP/".utf8),
      line[start + 5].isDigit, line[start + 6] == 0x2E, line[start + 7].isDigit,
      line[start + 8] == 0x20
    else { throw .startLineInvalid }
    let code = line[(start + 9)..<(start + 12)]
    for byte in code where !byte.isDigit { throw .startLineInvalid }
    let status = code.reduce(0) { 10 * $0 + Int($1 - 0x30) }
    guard (100...599).contains(status) else { throw .startLineInvalid }
    let reason = line[(start + 12)...]
    guard reason.isEmpty || reason.first == 0x20 else { throw .startLineInvalid }
    for byte in reason where !byte.isFieldValue { throw .startLineInvalid }
    guard line[start + 5] == 0x31, line[start + 7] <= 0x31 else { throw .versionUnsupported }
    return StatusLine(status: status, isHTTP10: line[start + 7] == 0x30)
  }
}
