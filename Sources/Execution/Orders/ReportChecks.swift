import Domain

extension Order {
  /// What about a report proves that it is not about this order; `nil` when nothing does.
  /// A market order's price and quantity are the exchange's own inventions.
  func conflict(with report: OrderReport) -> String? {
    if let orderID, report.orderID != orderID, !confirmedByOperator {
      return "is not order \(orderID)"
    }
    if report.symbol != request.symbol { return "is for \(report.symbol)" }
    if report.side != request.side { return "is a \(report.side.rawValue)" }
    // A number that came from the exchange outweighs the name; one that a person typed does not.
    let isNameDecisive = orderID == nil || confirmedByOperator
    if let id = report.clientOrderID, isNameDecisive, id != request.clientOrderID.text {
      return "answers to another client order id"
    }
    // What an earlier run sent was rounded to the rules of its time.
    guard request.type != .market, attempt > 0 else { return nil }
    // No order has the price or the quantity 0: it stands for a field that is missing, and proves nothing of
    // an order that nothing else shows to be this one.
    let mayLack = isIdentified(by: report)
    if let price = report.price, !(mayLack && price.isZero), price != request.price {
      return "has the price \(price)"
    }
    if case .base(let quantity) = request.amount, let reported = report.quantity,
      !(mayLack && reported.isZero), reported != quantity
    {
      return "has the quantity \(reported)"
    }
    return nil
  }

  /// Whether the report is of this order by its name, or by the number under which it is followed.
  func isIdentified(by report: OrderReport) -> Bool {
    report.bears(request.clientOrderID) || report.orderID == orderID
  }

  /// Why the fill that a report tells of cannot be one of this order; `nil` when it can.
  func unbelievableFill(in report: OrderReport) -> LookFailure? {
    if let contradiction = report.contradiction { return contradiction }
    guard attempt > 0 else { return nil }
    if case .base(let quantity) = request.amount, report.executedQuantity > quantity {
      return .filledBeyond(quantity, report.executedQuantity)
    }
    guard request.type != .market, let price = request.price, report.isFilledPast(price)
    else { return nil }
    return .filledPast(price, report)
  }

  func canBelieve(_ report: OrderReport) -> Bool {
    conflict(with: report) == nil && unbelievableFill(in: report) == nil
  }

  /// Whether nothing differs that anybody would want to know.
  func saysTheSame(as other: Order) -> Bool {
    status == other.status && orderID == other.orderID
      && executedQuantity == other.executedQuantity && executedQuote == other.executedQuote
  }
}

extension OrderReport {
  /// What a report of an end says of the fill that cannot be; `nil` when nothing is wrong with it.
  fileprivate var contradiction: LookFailure? {
    if executedQuantity.isPositive {
      return status.isEnd && executedQuote.isZero ? .filledForNothing(executedQuantity) : nil
    }
    switch status {
    case .filled: return .endedOfNothing("filled")
    case .partiallyCanceled: return .endedOfNothing("partially canceled")
    case .open, .partiallyFilled, .canceled, .undocumented: return nil
    }
  }

  /// Whether the fill has cost more, or fetched less, than the order's price admits: by more than a hundredth
  /// and the last decimal, which is room for how each of its parts was rounded, and for a fee.
  fileprivate func isFilledPast(_ price: FixedDecimal) -> Bool {
    let decimals = (0...FixedDecimal.fractionDigits).lazy
      .compactMap { FixedDecimal.powerOfTen(negative: $0) }
    guard executedQuote.isPositive,
      let worth = price.multiplied(by: executedQuantity, rounding: .up),
      let lastDecimal = decimals.first(where: { executedQuote.isMultiple(of: $0) }),
      let room = FixedDecimal(units: worth.units / 100).adding(lastDecimal),
      let most = worth.adding(room), let least = worth.subtracting(room)
    else { return false }
    switch side {
    case .buy: return executedQuote > most
    case .sell: return executedQuote < least
    }
  }

  /// Whether it does not say where the order stands, or contradicts itself: REST tells then.
  func isUndecided(beside order: Order) -> Bool {
    if case .undocumented = status { return true }
    if executedQuantity.isPositive && executedQuote.isZero { return true }
    if status == .partiallyCanceled && executedQuantity.isZero { return true }
    guard status == .filled, order.request.type != .market,
      case .base(let quantity) = order.request.amount
    else { return false }
    return executedQuantity < quantity
  }
}

extension OrderReport.Status {
  var isEnd: Bool {
    switch self {
    case .filled, .canceled, .partiallyCanceled: true
    case .open, .partiallyFilled, .undocumented: false
    }
  }
}
