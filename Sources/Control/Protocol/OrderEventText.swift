import Domain
import Platform

/// What happened to an order, for a person who has never seen the code.
enum OrderEventText {
  static func text(of event: OrderEvent, at time: WallTime) -> String {
    switch event {
    case .created(let request, let reserved):
      "accepted; its order will be known as \(request.clientOrderID)" + held(reserved)
    case .approved(let approval):
      "approved as \(describe(approval.request)): \(approval.checks); "
        + "\(describe(approval.quote, at: time))\(held(approval.reservedQuote))"
    case .denied(let code, let message): "denied (\(code.rawValue)): \(message)"
    case .armed(let armament): describe(armament, at: time)
    case .acknowledged(let orderID): "the exchange has it as order \(orderID)"
    case .validated: "the exchange checked the order and placed nothing"
    case .refused(let code, let message): "refused (\(code.rawValue)): \(message)"
    case .mayRetry(let message): "provably not placed, so it may be sent once more: \(message)"
    case .outcomeLost(let message, .throttled):
      "answered by a rate limit (\(message)); whether it was placed is being looked up"
    case .outcomeLost(let message, .refused):
      "answered by a code that does not prove that no order was made (\(message)); it is looked up "
        + "and never sent again"
    case .outcomeLost(let message, .answerLost), .outcomeLost(let message, .unreadable),
      .outcomeLost(let message, .blocked):
      "outcome unknown (\(message)); it is looked up and never sent again"
    case .lookedUp(let view, let answer): "looked up (\(view)): \(answer)"
    case .observed(let report): describe(report)
    case .notFound(let message): "not found: \(message)"
    case .cancelRequested(let by): "cancel asked for by \(by)"
    case .cancelAnswered(let message, let isDefinite):
      "cancel answered by the exchange: \(message)"
        + (isDefinite ? "" : "; asked for again while it stands")
    case .closedByOperator(let message): "closed by the operator: \(message)"
    case .confirmedByOperator(let orderID):
      "confirmed by the operator as order \(orderID), as the exchange could not be asked"
    case .watchEnded: "not seen for seven days; it is no longer looked for"
    }
  }

  private static func describe(_ request: OrderRequest) -> String {
    let amount =
      switch request.amount {
      case .base(let quantity): "\(quantity) \(request.symbol)"
      case .quote(let quantity): "\(request.symbol) for \(quantity) in quote"
      }
    let price = request.price.map { " at \($0)" } ?? ""
    return "\(request.type.rawValue) \(request.side.rawValue) \(amount)\(price)"
  }

  private static func describe(_ quote: Quote, at time: WallTime) -> String {
    let age = time.since(quote.askedAt).wholeMilliseconds
    return "quote used \(quote.price), \(age) ms old"
  }

  private static func describe(_ armament: OrderEvent.Armament, at time: WallTime) -> String {
    "attempt \(armament.attempt) goes out, stamped \(armament.stampedAt.text) and "
      + "acceptable for \(armament.receiveWindow.wholeMilliseconds) ms; "
      + describe(armament.quote, at: time)
  }

  private static func held(_ reserved: FixedDecimal?) -> String {
    reserved.map { "; the risk limits hold \($0) in quote" } ?? ""
  }

  private static func describe(_ report: OrderReport) -> String {
    let status =
      switch report.status {
      case .open: "open"
      case .partiallyFilled: "partially filled"
      case .filled: "filled"
      case .canceled: "canceled"
      case .partiallyCanceled: "canceled after a partial fill"
      case .undocumented(let word): "'\(word)' (undocumented)"
      }
    return "order \(report.orderID) is \(status) at the exchange: \(execution(report))"
  }

  private static func execution(_ report: OrderReport) -> String {
    guard report.executedQuantity.isPositive else { return "nothing executed" }
    var text = "\(report.executedQuantity)"
    // For a market order by quote amount the exchange shows an estimate, which may be less.
    if let quantity = report.quantity, quantity >= report.executedQuantity {
      text += " of \(quantity)"
    }
    text += " executed"
    if let average = report.executedQuote.divided(by: report.executedQuantity, rounding: .down) {
      text += " at an average of \(average)"
    }
    return text + ", \(report.executedQuote) in quote"
  }
}
