/// How a peer broke HTTP/1.1 or our limits. The connection that carried it is not used again.
package enum HTTPViolation: Error, Hashable, Sendable, CustomStringConvertible {
  case startLineInvalid
  case versionUnsupported
  case lineEndInvalid
  case fieldInvalid
  case fieldFolded
  case headTooLarge
  case tooManyFields
  case contentLengthInvalid
  case contentLengthRepeated
  case lengthAndCoding
  case transferCodingUnsupported
  case contentCodingUnsupported
  case chunkInvalid
  case bodyTooLarge
  case bodyForbidden
  case tooManyInterimResponses
  case switchedProtocols
  case hostInvalid
  case expectationUnknown
  /// Bytes came that answer nothing.
  case unsolicitedBytes
  /// The peer closed before the message was whole.
  case truncated

  package var description: String {
    switch self {
    case .startLineInvalid: "the first line is not HTTP"
    case .versionUnsupported: "the HTTP version is neither 1.1 nor 1.0"
    case .lineEndInvalid: "a line does not end with CR LF"
    case .fieldInvalid: "a header field is malformed"
    case .fieldFolded: "a header field goes on over a second line"
    case .headTooLarge: "the header is too large"
    case .tooManyFields: "the header has too many fields"
    case .contentLengthInvalid: "Content-Length is not a number"
    case .contentLengthRepeated: "Content-Length is there more than once"
    case .lengthAndCoding: "Content-Length and Transfer-Encoding contradict each other"
    case .transferCodingUnsupported: "a Transfer-Encoding other than chunked"
    case .contentCodingUnsupported: "a Content-Encoding that was not asked for"
    case .chunkInvalid: "a chunk is malformed"
    case .bodyTooLarge: "the body is over the limit"
    case .bodyForbidden: "a body where none may be"
    case .tooManyInterimResponses: "too many interim answers"
    case .switchedProtocols: "another protocol that was not asked for"
    case .hostInvalid: "not exactly one Host field"
    case .expectationUnknown: "an expectation other than 100-continue"
    case .unsolicitedBytes: "bytes that answer nothing"
    case .truncated: "the connection ended before the message did"
    }
  }
}

/// What one message may take. Reading stops with an error at the first byte over a limit.
package struct HTTPLimits: Hashable, Sendable {
  /// Start line, fields and trailers together. The largest head of the exchanges that were looked
  /// at is below 4 KiB.
  package static let headMaximum = 64 * 1024
  package static let fieldsMaximum = 128
  /// 100 Continue, 103 Early Hints: a peer has no reason for more before one answer.
  package static let interimMaximum = 8
  /// A size in hexadecimal and an extension that nobody uses.
  package static let chunkLineMaximum = 256
  /// All sizes of one body together: enough for 8 MiB in pieces of 256 bytes; a body in smaller ones
  /// would keep the loop busy with framing.
  package static let chunkLinesMaximum = 256 * 1024

  /// Bytes of a body after its transfer coding is undone.
  package var bodyMaximum: Int

  package init(bodyMaximum: Int = 8 * 1024 * 1024) {
    self.bodyMaximum = bodyMaximum
  }
}
