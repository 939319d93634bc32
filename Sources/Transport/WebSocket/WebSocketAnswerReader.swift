/// Reads a server's answer to an upgrade, strictly by RFC 9112, and judges it.
struct WebSocketAnswerReader {
  enum Step {
    case needMore
    /// The bytes behind the answer are the first ones of the new protocol.
    case upgraded(rest: [UInt8])
    case refused(WebSocketRefusal)
    case failure(HTTPViolation)
  }

  private enum State {
    case statusLine
    case fields(status: Int)
    /// The text of a refusal.
    case body(status: Int)
  }

  /// Bytes of a refusal's text that are read and told: a sentence for the log.
  static let textMaximum = 200
  /// A longer body is not waited for.
  private static let bodyMaximum = 64 * 1024

  private let key: String
  private var reader = HTTPMessageReader(limits: HTTPLimits(bodyMaximum: bodyMaximum))
  private var state = State.statusLine
  private var interimResponses = 0

  init(key: String) {
    self.key = key
  }

  /// Takes the next bytes; to be called until it says something else than `needMore`.
  mutating func feed(_ bytes: Span<UInt8>) -> Step {
    reader.append(bytes)
    do throws(HTTPViolation) {
      return try advance()
    } catch {
      return refusal ?? .failure(error)
    }
  }

  /// No more will come, or not in time: what is known of a refusal is told. Nil when nothing is known.
  func finish() -> WebSocketRefusal? {
    guard case .body(let status) = state else { return nil }
    var text = reader.body.prefix(Self.textMaximum)
    // Most end with a line feed.
    while let last = text.last, last <= 0x20 { text.removeLast() }
    return .status(
      status, String(decoding: text, as: UTF8.self),
      retryAfter: reader.fields.values(of: "Retry-After"), date: reader.fields.values(of: "Date"))
  }

  private var refusal: Step? { finish().map(Step.refused) }

  private mutating func advance() throws(HTTPViolation) -> Step {
    while true {
      switch state {
      case .statusLine:
        guard let line = try reader.line() else { return .needMore }
        let status = try HTTPResponseParser.statusLine(line)
        guard status.status != 101 || !status.isHTTP10 else { throw .versionUnsupported }
        state = .fields(status: status.status)
      case .fields(let status):
        guard try reader.readFields() else { return .needMore }
        if status == 101 { return switched() }
        if status < 200 {
          try skipInterim()
          continue
        }
        state = .body(status: status)
        try reader.startBody(try framing(status))
      case .body:
        let isWhole = try reader.readBody()
        guard isWhole || reader.body.count >= Self.textMaximum else { return .needMore }
        return refusal ?? .needMore
      }
    }
  }

  /// RFC 9112 §6.3: a 101 has no body, whatever its fields say.
  private mutating func switched() -> Step {
    if let flaw = WebSocketHandshake.flaw(in: reader.fields, key: key) { return .refused(flaw) }
    return .upgraded(rest: reader.takeUnread())
  }

  private mutating func skipInterim() throws(HTTPViolation) {
    interimResponses += 1
    guard interimResponses <= HTTPLimits.interimMaximum else { throw .tooManyInterimResponses }
    reader.startMessage()
    state = .statusLine
  }

  private func framing(_ status: Int) throws(HTTPViolation) -> HTTPMessageReader.Framing {
    switch status {
    case 204, 304: .none
    default: try reader.declaredFraming() ?? .untilClose
    }
  }
}
