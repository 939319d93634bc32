/// How a peer broke RFC 6455 or our limits. Its connection is closed and not used again.
package enum WebSocketViolation: Error, Hashable, Sendable, CustomStringConvertible {
  case reservedBits
  case reservedOpcode
  /// A client sent a frame without a mask.
  case maskMissing
  /// A server sent a frame with a mask.
  case maskForbidden
  case controlFragmented
  case controlTooLong
  case lengthNotMinimal
  case lengthTooLarge
  /// A continuation without a message that it could go on with.
  case continuationUnexpected
  /// Another message began before the last one had ended.
  case messageInterrupted
  case closeTruncated
  case closeCodeInvalid
  case textInvalid
  case closeReasonInvalid
  case messageTooLarge
  case tooManyFragments

  /// What the peer is told (RFC 6455 §7.4.1).
  package var closeCode: WebSocketCloseCode {
    switch self {
    case .reservedBits, .reservedOpcode, .maskMissing, .maskForbidden, .controlFragmented,
      .controlTooLong, .lengthNotMinimal, .lengthTooLarge, .continuationUnexpected,
      .messageInterrupted, .closeTruncated, .closeCodeInvalid:
      .protocolError
    case .textInvalid, .closeReasonInvalid: .invalidPayload
    case .messageTooLarge, .tooManyFragments: .messageTooBig
    }
  }

  package var description: String {
    switch self {
    case .reservedBits: "a frame with reserved bits set"
    case .reservedOpcode: "a frame of a reserved kind"
    case .maskMissing: "a client's frame without a mask"
    case .maskForbidden: "a server's frame with a mask"
    case .controlFragmented: "a fragmented control frame"
    case .controlTooLong: "a control frame over 125 bytes"
    case .lengthNotMinimal: "a frame length in more bytes than it needs"
    case .lengthTooLarge: "a frame length with its highest bit set"
    case .continuationUnexpected: "a continuation frame outside of a message"
    case .messageInterrupted: "a message inside of another"
    case .closeTruncated: "a close frame of one byte"
    case .closeCodeInvalid: "a close code that no frame may carry"
    case .textInvalid: "a text that is not UTF-8"
    case .closeReasonInvalid: "a close reason that is not UTF-8"
    case .messageTooLarge: "a message over the limit"
    case .tooManyFragments: "a message in too many fragments"
    }
  }
}

/// What one message may take. Reading stops with an error at the first frame over a limit.
package enum WebSocketLimits {
  /// Far above a full snapshot of a market's depth, the largest message in use.
  package static let messageMaximum = 1024 * 1024
  /// Frames of one message: enough for the largest in pieces of 256 bytes; a message in smaller ones
  /// would keep the loop busy with framing.
  package static let fragmentsMaximum = 4096
  /// RFC 6455 §5.5.
  package static let controlMaximum = 125
  /// What may wait for a peer that does not read, beyond what the kernel takes.
  package static let outputMaximum = 1024 * 1024
}
