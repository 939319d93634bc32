import Domain
import Transport

/// An HTTP answer, sorted before anybody asks what it was an answer to.
enum Reply {
  /// 200, JSON, and no error code in it.
  case success(JSONValue)
  /// A business error: its code may come with a 4xx status or inside a 200.
  case refused(ExchangeError)
  /// 429 or 418, as status or as code.
  case throttled(isBan: Bool, text: String)
  /// 403: the firewall in front of the exchange.
  case blocked(String)
  /// Nothing can be concluded.
  case unreadable(String)

  /// Characters of the exchange's message that are kept.
  private static let textMaximum = 256

  init(_ response: HTTPResponse) {
    let body = try? JSONReader.read(response.body, limits: .exchange)
    let message = Self.message(in: body)
    switch response.status {
    case 429, 418:
      self = .throttled(isBan: response.status == 418, text: message ?? "")
    case 403:
      self = .blocked(message ?? "HTTP 403, \(Self.summary(of: response))")
    case 200:
      self = Self.sorted(body, message, of: response)
    case 400...499:
      let reply = Self.sorted(body, message, of: response)
      if case .success = reply {
        self = .unreadable("HTTP \(response.status) without an error code")
      } else if case .unreadable = reply, response.status == 401, body == nil {
        // Seen without a body. It says nothing about an order; see `refusesPlacement` of the code.
        self = .refused(ErrorTable.error(code: 401, text: ""))
      } else {
        self = reply
      }
    default:
      self = .unreadable(
        message.map { "HTTP \(response.status): \($0)" }
          ?? "HTTP \(response.status), \(Self.summary(of: response))")
    }
  }

  private static func sorted(
    _ body: JSONValue?, _ message: String?, of response: HTTPResponse
  ) -> Reply {
    guard let body else {
      return .unreadable("HTTP \(response.status) without JSON, \(summary(of: response))")
    }
    guard let code = body["code"], !code.isNull else { return .success(body) }
    guard let number = code.numberValue ?? code.stringValue, let code = Int(number) else {
      return .unreadable("HTTP \(response.status) with a code that is no number")
    }
    switch code {
    // Wrappers say 200 in the documentation and 0 in practice.
    case 0, 200: return .success(body)
    case 429, 418: return .throttled(isBan: code == 418, text: message ?? "")
    default: return .refused(ErrorTable.error(code: code, text: message ?? ""))
    }
  }

  private static func message(in body: JSONValue?) -> String? {
    guard let text = body?["msg"]?.stringValue, !text.isEmpty else { return nil }
    return text.prefix(scalars: textMaximum)
  }

  /// What kind of body it was. The body itself is not repeated: it may be a page that repeats the
  /// request.
  private static func summary(of response: HTTPResponse) -> String {
    let kind = response.header("Content-Type").map { " of \($0.prefix(scalars: 64))" } ?? ""
    return "\(response.body.count) bytes" + kind
  }
}
