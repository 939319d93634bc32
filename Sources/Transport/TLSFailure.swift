import COpenSSL
import Glibc

/// Why a TLS connection did not come about, or broke.
package enum TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
  case certificateExpired
  case certificateNotYetValid
  /// No chain to a trusted authority: unknown, self-signed, incomplete.
  case certificateUntrusted
  case certificateWrongHost
  /// Nothing at or above TLS 1.2 in common.
  case protocolRefused
  /// OpenSSL's words for the rest.
  case other(String)

  package var description: String {
    switch self {
    case .certificateExpired: "the certificate has expired (or this machine's clock is ahead)"
    case .certificateNotYetValid:
      "the certificate is not valid yet (or this machine's clock is behind)"
    case .certificateUntrusted: "the certificate comes from no trusted authority"
    case .certificateWrongHost: "the certificate is for another host"
    case .protocolRefused: "the peer does not speak TLS 1.2 or newer"
    case .other(let text): "TLS: \(text)"
    }
  }
}

extension TLSFailure {
  /// What the certificate check said, when it is what failed.
  init?(verification result: Int) {
    switch CInt(result) {
    case X509_V_OK: return nil
    case X509_V_ERR_CERT_HAS_EXPIRED: self = .certificateExpired
    case X509_V_ERR_CERT_NOT_YET_VALID: self = .certificateNotYetValid
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .certificateWrongHost
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_CERT_REJECTED,
      X509_V_ERR_INVALID_CA, X509_V_ERR_CERT_SIGNATURE_FAILURE:
      self = .certificateUntrusted
    default:
      self = unsafe .other(String(cString: X509_verify_cert_error_string(result)))
    }
  }

  /// Empties this thread's OpenSSL error queue; the first entry is the cause. Nil when it was empty.
  static func drainQueue() -> QueuedError? {
    var first: UInt = 0
    while true {
      let code = ERR_get_error()
      if code == 0 { break }
      if first == 0 { first = code }
    }
    return first == 0 ? nil : QueuedError(code: first)
  }

  struct QueuedError {
    let code: UInt

    private var reason: CInt { ERR_GET_REASON(code) }

    /// The peer vanished without close_notify: an attacker could have cut the stream.
    var isUnexpectedEnd: Bool {
      ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING
    }

    /// ERR_SYSTEM_FLAG of err.h, a macro that Swift does not see: the rest is an `errno`.
    private static let systemFlag: UInt = 0x8000_0000

    var text: String {
      if code & Self.systemFlag != 0 {
        return unsafe String(cString: strerror(CInt(truncatingIfNeeded: code & ~Self.systemFlag)))
      }
      guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
      return unsafe String(cString: text)
    }

    var failure: TLSFailure {
      guard ERR_GET_LIB(code) == ERR_LIB_SSL else { return .other(text) }
      switch reason {
      case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
        SSL_R_UNKNOWN_PROTOCOL, SSL_R_VERSION_TOO_LOW:
        return .protocolRefused
      case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST:
        return .other("the peer does not answer in TLS")
      default:
        return .other(text)
      }
    }
  }
}
