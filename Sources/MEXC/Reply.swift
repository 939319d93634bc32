import Domain
import JSON
import Transport

/// An HTTP answer, sorted before anybody asks what it was an answer to.
enum Reply {
  /// 200, JSON, and no error code in it.
  case success(JSONValue)
  /// A business error: its code may come with a 4xx status or inside a 200.
  case refused(ExchangeError)
  /// 429 or 418 as status or as code, or the code 510 ("too frequent"). `isDefinite` where the exchange
  /// itself says 429 or 418, in JSON: a page, an empty body, 510 and an order's id beside it leave open what
  /// came of the request.
  case throttled(isBan: Bool, text: String, isDefinite: Bool)
  /// 403: the firewall in front of the exchange; of a request that places nothing, unless the exchange
  /// itself says it with a code.
  case blocked(String)
  /// Nothing can be concluded.
  case unreadable(String)

  /// Characters of the exchange's message that are kept.
  private static let textMaximum = 500

  /// `secrets` are kept out of every text, should the exchange repeat one.
  /// `isPlacement`: the answer decides what became of an order.
  init(_ response: HTTPResponse, isPlacement: Bool, hiding secrets: KnownSecrets) {
    let body = try? JSONReader.read(response.content, limits: .exchange)
    switch response.status {
    case 429, 418:
      let text = Self.message(in: body, hiding: secrets)
      self = .throttled(
        isBan: response.status == 418, text: text ?? "", isDefinite: Self.throttles(body))
    case 403:
      if !isPlacement, case .refused(let error) = Self.sorted(body, of: response, hiding: secrets),
        error.code != 403
      {
        self = .refused(error)
      } else {
        let text = Self.message(in: body, hiding: secrets)
        self = .blocked("HTTP 403, \(text ?? Self.summary(of: response))")
      }
    case 200:
      self = Self.sorted(body, of: response, hiding: secrets)
    case 400...499:
      let reply = Self.sorted(body, of: response, hiding: secrets)
      if case .success = reply {
        self = .unreadable("HTTP \(response.status) without an error code")
      } else if case .unreadable = reply, response.status == 401, response.content.isEmpty {
        // Seen without a body. Whoever wrote it says nothing about an order.
        var error = ErrorTable.error(code: 401, text: "")
        error.refusesPlacement = false
        self = .refused(error)
      } else {
        self = reply
      }
    default:
      let text = Self.message(in: body, hiding: secrets)
      self = .unreadable(
        text.map { "HTTP \(response.status): \($0)" }
          ?? "HTTP \(response.status), \(Self.summary(of: response))")
    }
  }

  private static func throttles(_ body: JSONValue?) -> Bool {
    guard let body, body.objectValue != nil, !body.namesOrder else { return false }
    guard let code = body["code"], !code.isNull else { return true }
    return ["429", "418"].contains(code.numberValue ?? code.stringValue)
  }

  private static func sorted(
    _ body: JSONValue?, of response: HTTPResponse, hiding secrets: KnownSecrets
  ) -> Reply {
    guard let body else {
      return .unreadable("HTTP \(response.status) without JSON, \(summary(of: response))")
    }
    guard let code = body["code"], !code.isNull else { return .success(body) }
    guard let number = code.numberValue ?? code.stringValue, let code = Int(number) else {
      let text = message(in: body, hiding: secrets).map { ": " + $0 } ?? ""
      return .unreadable("HTTP \(response.status) with a code that is no number" + text)
    }
    // Wrappers say 200 in the documentation and 0 in practice.
    if code == 0 || code == 200 { return .success(body) }
    let text = message(in: body, hiding: secrets) ?? ""
    if let notice = throttling(code, text, in: body) {
      return .throttled(isBan: notice.isBan, text: notice.text, isDefinite: notice.isDefinite)
    }
    // It contradicts itself: of a placement neither can be believed.
    if body.namesOrder {
      return .unreadable("HTTP \(response.status) with code \(code) and an orderId: \(text)")
    }
    return .refused(ErrorTable.error(code: code, text: text))
  }

  /// What a code says that is about a limit, with the shortest wait; `nil` of every other code.
  static func throttling(_ code: Int, _ text: String, in body: JSONValue) -> ThrottleNotice? {
    guard [429, 418, 510].contains(code) else { return nil }
    return ThrottleNotice(
      wait: RetryAfter.minimum, isBan: code == 418, text: text,
      isDefinite: code != 510 && !body.namesOrder)
  }

  /// Everything that an answer says in words: `msg`, and what other members add to it.
  static func message(in body: JSONValue?, hiding secrets: KnownSecrets) -> String? {
    let parts = ["msg", "data", "_extend"].compactMap { name in body?[name].flatMap(words) }
    if parts.isEmpty { return nil }
    let text = secrets.removed(from: parts.joined(separator: "; "))
    let kept = text.prefix(scalars: textMaximum)
    return kept.utf8.count < text.utf8.count ? kept + "…" : kept
  }

  /// `nil` for what says nothing.
  private static func words(_ value: JSONValue) -> String? {
    switch value {
    case .null, .bool: nil
    case .string(let text): text.contains { !$0.isWhitespace } ? text.trimmed : nil
    case .number(let text): text
    case .array(let elements): elements.isEmpty ? nil : value.compactText()
    case .object(let members): members.isEmpty ? nil : value.compactText()
    }
  }

  /// What kind of body it was. The body itself is not repeated: it may be a page that repeats the
  /// request.
  private static func summary(of response: HTTPResponse) -> String {
    let kind = response.header("Content-Type").map { " of \($0.prefix(scalars: 64))" } ?? ""
    return "\(response.content.count) bytes" + kind
  }
}

extension String {
  /// Without white space at either end: one text of the exchange begins with a blank.
  fileprivate var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}

extension ExchangeRequest {
  /// Whether its answer decides what became of an order. What becomes of one that is cancelled is read
  /// from the order.
  var isPlacement: Bool {
    switch self {
    case .place, .validate: true
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      false
    }
  }
}
