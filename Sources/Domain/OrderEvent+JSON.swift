package import JSON

/// The history's spelling of an order event: money as exact text, times as epoch milliseconds.
extension OrderEvent {
  package var detail: JSONValue {
    var members = Members()
    describe(to: &members)
    return .object(members.list)
  }

  /// Appends the compact text of `detail`. With `replacingNUL` a U+0000 becomes U+FFFD.
  package func appendDetail(to output: inout [UInt8], replacingNUL: Bool = false) {
    JSONObjectText.append(to: &output, replacingNUL: replacingNUL) { describe(to: &$0) }
  }

  private func describe(to detail: inout some Detail) {
    switch self {
    case .created(let request, let reserved):
      detail.add(request)
      detail.add("reserved_quote", .decimal(reserved))
    case .approved(let approval):
      detail.add(approval.request)
      detail.add(approval.quote)
      detail.add("reserved_quote", .decimal(approval.reservedQuote))
      detail.add("checks", .string(approval.checks.description))
    case .denied(let code, let message), .refused(let code, let message):
      detail.add("code", .string(code.rawValue))
      detail.add("message", .string(message))
    case .armed(let armament):
      detail.add("attempt", .integer(armament.attempt))
      detail.add("timestamp", .integer(armament.stampedAt.milliseconds))
      detail.add("recv_window_ms", .integer(armament.receiveWindow.wholeMilliseconds))
      detail.add(armament.quote)
    case .acknowledged(let orderID), .confirmedByOperator(let orderID):
      detail.add("order_id", .string(orderID))
    case .validated, .watchEnded: break
    case .mayRetry(let message), .notFound(let message), .closedByOperator(let message):
      detail.add("message", .string(message))
    case .outcomeLost(let message, let cause):
      detail.add("message", .string(message))
      detail.add(cause)
    case .observed(let report): detail.add(report)
    case .lookedUp(let view, let answer):
      detail.add("view", .string(view))
      detail.add("answer", .string(answer))
    case .cancelRequested(let by): detail.add("by", .string(by))
    case .cancelAnswered(let message, let definite):
      detail.add("message", .string(message))
      detail.add("definite", .bool(definite))
    }
  }

  /// Reads back what `kind` and `detail` say; `nil` when that is no event of this program.
  package init?(kind: String, detail: JSONValue) {
    let message = detail["message"]?.stringValue
    switch kind {
    case Self.createdKind:
      guard let request = OrderRequest(detail),
        let reserved = detail.optional("reserved_quote", \.decimalValue)
      else { return nil }
      self = .created(request, reservedQuote: reserved)
    case Self.approvedKind:
      guard let approval = Approval(detail) else { return nil }
      self = .approved(approval)
    case "order_denied", "order_refused":
      guard let message, let code = detail["code"]?.stringValue.flatMap(DecisionCode.init)
      else { return nil }
      self = kind == "order_denied" ? .denied(code, message) : .refused(code, message)
    case "order_armed":
      guard let armament = Armament(detail) else { return nil }
      self = .armed(armament)
    case "order_acknowledged", "order_confirmed_by_operator":
      guard let orderID = detail["order_id"]?.stringValue else { return nil }
      self =
        kind == "order_acknowledged"
        ? .acknowledged(orderID: orderID) : .confirmedByOperator(orderID: orderID)
    case "order_validated": self = .validated
    case "order_watch_ended": self = .watchEnded
    case "order_observed":
      guard let report = OrderReport(detail) else { return nil }
      self = .observed(report)
    case "order_looked_up":
      guard let view = detail["view"]?.stringValue, let answer = detail["answer"]?.stringValue
      else { return nil }
      self = .lookedUp(view: view, answer: answer)
    case "cancel_requested":
      guard let by = detail["by"]?.stringValue else { return nil }
      self = .cancelRequested(by: by)
    default:
      guard let message, let event = Self.worded(kind, message, detail) else { return nil }
      self = event
    }
  }

  /// The events that carry little more than a sentence.
  private static func worded(_ kind: String, _ message: String, _ detail: JSONValue) -> OrderEvent?
  {
    switch kind {
    case "order_may_retry": .mayRetry(message)
    case "order_not_found": .notFound(message)
    case "order_closed_by_operator": .closedByOperator(message)
    case "order_outcome_lost": UnknownOutcome(detail).map { .outcomeLost(message, $0) }
    case "cancel_answered":
      detail["definite"]?.boolValue.map { .cancelAnswered(message, isDefinite: $0) }
    default: nil
    }
  }
}

extension UnknownOutcome {
  /// Versions before this one told only a rate limit from everything else.
  fileprivate init?(_ detail: JSONValue) {
    guard let isThrottled = detail["throttled"]?.boolValue,
      let isBlocked = detail.optional("blocked", \.boolValue),
      let isUnreadable = detail.optional("unreadable", \.boolValue),
      let code = detail.optional("exchange_code", \.integerValue)
    else { return nil }
    if isThrottled {
      self = .throttled
    } else if let code {
      self = .refused(code: Int(code))
    } else if isBlocked == true {
      self = .blocked
    } else {
      self = isUnreadable == true ? .unreadable : .answerLost
    }
  }
}

extension Order {
  /// The order of an account that a history adds up to; `nil` when it does not begin with a creation.
  /// Throws when an event could not have followed the one before it.
  package init?(
    key: OrderKey, account: TradingAccount, history: [(at: WallTime, event: OrderEvent)]
  ) throws(IllegalTransition) {
    guard let first = history.first, case .created(let request, let reserved) = first.event
    else { return nil }
    self.init(
      key: key, account: account, request: request, reservedQuote: reserved, at: first.at)
    for (at, event) in history.dropFirst() { try apply(event, at: at) }
  }
}

extension JSONValue {
  /// Money as exact text; null when there is none.
  package static func decimal(_ value: FixedDecimal?) -> JSONValue {
    value.map { .string($0.description) } ?? .null
  }

  package var decimalValue: FixedDecimal? {
    stringValue.flatMap { text in try? FixedDecimal(text) }
  }

  package var integerValue: Int64? {
    numberValue.flatMap { Int64($0) }
  }

  /// A member that may be null or left out; `nil` only when something stands there that `read` does
  /// not take.
  fileprivate func optional<Value>(
    _ name: String, _ read: (JSONValue) -> Value?
  ) -> Value?? {
    guard let value = self[name], !value.isNull else { return .some(nil) }
    return read(value).map { .some($0) }
  }
}

/// What takes the members of a detail, in their order.
private protocol Detail {
  mutating func add(_ name: StaticString, _ value: JSONValue)
}

extension JSONObjectText: Detail {}

/// In one piece of memory.
private struct Members: Detail {
  private(set) var list: [JSONMember] = []

  /// Room for an approval, which has the most.
  private static let usualCount = 10

  init() { list.reserveCapacity(Self.usualCount) }

  mutating func add(_ name: StaticString, _ value: JSONValue) {
    list.append(JSONMember(name: name.description, value: value))
  }
}

extension Detail {
  fileprivate mutating func add(_ request: OrderRequest) {
    add("client_order_id", .string(request.clientOrderID.text))
    add("symbol", .string(request.symbol.text))
    add("side", .string(request.side.rawValue))
    add("type", .string(request.type.rawValue))
    switch request.amount {
    case .base(let quantity): add("quantity", .decimal(quantity))
    case .quote(let quantity): add("quote_quantity", .decimal(quantity))
    }
    add("price", .decimal(request.price))
  }

  fileprivate mutating func add(_ quote: Quote) {
    add("quote", .decimal(quote.price))
    add("quote_asked_at", .integer(quote.askedAt.milliseconds))
  }

  fileprivate mutating func add(_ outcome: UnknownOutcome) {
    add("throttled", .bool(outcome == .throttled))
    switch outcome {
    case .answerLost, .throttled: break
    case .unreadable: add("unreadable", true)
    case .blocked: add("blocked", true)
    case .refused(let code): add("exchange_code", .integer(code))
    }
  }

  fileprivate mutating func add(_ report: OrderReport) {
    add("order_id", .string(report.orderID))
    add("client_order_id", report.clientOrderID.map { .string($0) } ?? .null)
    add("symbol", .string(report.symbol.text))
    add("side", .string(report.side.rawValue))
    add("type", report.type.map { .string($0.rawValue) } ?? .null)
    add("price", .decimal(report.price))
    add("quantity", .decimal(report.quantity))
    add("executed_quantity", .decimal(report.executedQuantity))
    add("executed_quote", .decimal(report.executedQuote))
    add("status", .string(report.status.text))
  }
}

extension OrderRequest {
  fileprivate init?(_ detail: JSONValue) {
    guard let clientOrderID = detail["client_order_id"]?.stringValue.flatMap(ClientOrderID.init),
      let symbol = detail["symbol"]?.stringValue.flatMap(Symbol.init(exchangeText:)),
      let side = detail["side"]?.stringValue.flatMap(Side.init),
      let type = detail["type"]?.stringValue.flatMap(OrderType.init),
      let price = detail.optional("price", \.decimalValue)
    else { return nil }
    let amount: Signal.Amount
    if let quantity = detail["quantity"]?.decimalValue {
      amount = .base(quantity)
    } else if let quantity = detail["quote_quantity"]?.decimalValue {
      amount = .quote(quantity)
    } else {
      return nil
    }
    self.init(
      clientOrderID: clientOrderID, symbol: symbol, side: side, type: type, amount: amount,
      price: price)
  }
}

extension Quote {
  fileprivate init?(_ detail: JSONValue) {
    guard let price = detail["quote"]?.decimalValue,
      let askedAt = detail["quote_asked_at"]?.integerValue
    else { return nil }
    self.init(price: price, askedAt: WallTime(milliseconds: askedAt))
  }
}

extension OrderEvent.Approval {
  fileprivate init?(_ detail: JSONValue) {
    guard let request = OrderRequest(detail), let quote = Quote(detail),
      let reserved = detail.optional("reserved_quote", \.decimalValue),
      let checks = detail["checks"]?.stringValue
    else { return nil }
    self.init(request: request, quote: quote, reservedQuote: reserved, checks: PassedChecks(checks))
  }
}

extension OrderEvent.Armament {
  fileprivate init?(_ detail: JSONValue) {
    guard let attempt = detail["attempt"]?.integerValue,
      let stamp = detail["timestamp"]?.integerValue,
      let window = detail["recv_window_ms"]?.integerValue, let quote = Quote(detail)
    else { return nil }
    self.init(
      attempt: Int(attempt), stampedAt: WallTime(milliseconds: stamp),
      receiveWindow: .milliseconds(window), quote: quote)
  }
}

extension OrderReport {
  fileprivate init?(_ detail: JSONValue) {
    guard let orderID = detail["order_id"]?.stringValue,
      let clientOrderID = detail.optional("client_order_id", \.stringValue),
      let symbol = detail["symbol"]?.stringValue.flatMap(Symbol.init(exchangeText:)),
      let side = detail["side"]?.stringValue.flatMap(Side.init),
      let executedQuantity = detail["executed_quantity"]?.decimalValue,
      let executedQuote = detail["executed_quote"]?.decimalValue,
      let type = detail.optional("type", { $0.stringValue.flatMap(OrderType.init) }),
      let price = detail.optional("price", \.decimalValue),
      let quantity = detail.optional("quantity", \.decimalValue),
      let status = detail["status"]?.stringValue.flatMap(Status.init(text:))
    else { return nil }
    self.init(
      orderID: orderID, clientOrderID: clientOrderID, symbol: symbol, side: side, type: type,
      price: price, quantity: quantity, executedQuantity: executedQuantity,
      executedQuote: executedQuote, status: status)
  }
}

extension OrderReport.Status {
  /// Our own word for it; an undocumented one keeps the exchange's.
  package var text: String {
    switch self {
    case .open: "open"
    case .partiallyFilled: "partially_filled"
    case .filled: "filled"
    case .canceled: "canceled"
    case .partiallyCanceled: "partially_canceled"
    case .undocumented(let word): "?" + word
    }
  }

  fileprivate init?(text: String) {
    switch text {
    case "open": self = .open
    case "partially_filled": self = .partiallyFilled
    case "filled": self = .filled
    case "canceled": self = .canceled
    case "partially_canceled": self = .partiallyCanceled
    default:
      // By scalars: a combining mark behind the question mark would make one character with it.
      guard text.unicodeScalars.first == "?" else { return nil }
      self = .undocumented(String(text.unicodeScalars.dropFirst()))
    }
  }
}
