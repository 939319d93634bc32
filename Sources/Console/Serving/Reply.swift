import Control
import JSON
import Transport

/// What a request is answered with, before it becomes bytes.
struct Reply: Sendable {
  enum Kind: String, Sendable {
    case json = "application/json"
    case html = "text/html; charset=utf-8"
    case css = "text/css; charset=utf-8"
    case javaScript = "text/javascript; charset=utf-8"
    case plain = "text/plain; charset=utf-8"
  }

  var status: Int
  var kind: Kind
  var body: [UInt8]
  var headers: [(name: String, value: String)] = []

  static func json(_ document: JSONValue, status: Int = 200) -> Reply {
    Reply(status: status, kind: .json, body: Array(document.compactText().utf8))
  }

  static func text(_ text: String, _ kind: Kind, status: Int = 200) -> Reply {
    Reply(status: status, kind: kind, body: Array(text.utf8))
  }

  /// `{"ok":false,"error":{"code":…,"message":…}}`
  static func error(_ status: Int, _ code: String, _ message: String) -> Reply {
    .json(
      ["ok": false, "error": ["code": .string(code), "message": .string(message)]], status: status)
  }

  static func failure(_ failure: ControlFailure) -> Reply {
    .json(failure.document, status: failure.httpStatus)
  }

  /// Whatever it is, a browser keeps none of it, shows it in no foreign frame, and runs nothing in it
  /// that does not come from here.
  static let protection: HTTPFields = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    ("X-Frame-Options", "DENY"), ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"), ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  var response: HTTPResponse {
    HTTPResponse(
      status: status, headers: [("Content-Type", kind.rawValue)] + Self.protection + headers,
      body: body)
  }
}

extension ControlFailure {
  fileprivate var httpStatus: Int {
    switch code {
    case .unknownCommand, .invalidRequest, .wrongUsage: 400
    case .notFound: 404
    case .refused: 409
    case .noAnswer: 504
    case .storageUnavailable, .notRunning, .unreachable, .invalidConfiguration: 503
    }
  }
}
