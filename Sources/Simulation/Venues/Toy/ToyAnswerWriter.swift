import Domain

/// The toy venue's answers: lines of words, of which the first names what the line is.
enum ToyAnswerWriter {

  /// `nil` for what has no words: a failure that is no refusal.
  static func text(of answer: ExchangeAnswer) -> String? {
    switch answer {
    case .serverTime(let time): "now \(time.milliseconds)"
    case .instruments(let list, let unreadable):
      (["instruments \(list.count)"] + list.map(line)
        + unreadable.map { "unclear \($0.symbol) \(oneLine($0.reason))" })
        .joined(separator: "\n")
    case .prices(let list):
      (["prices \(list.count)"] + list.map { "price \($0.symbol) \($0.price)" })
        .joined(separator: "\n")
    case .placed(let outcomes):
      switch outcomes[0] {
      case .success(let number): "placed \(number)"
      case .failure(.refused(let error)): line("refused", error)
      case .failure: nil
      }
    case .validated: "valid"
    case .order(let report): line(report)
    case .orderMissing(let error): line("missing", error)
    case .orders(let list, let unreadable, _):
      (["orders \(list.count)"] + list.map(line) + unreadable.map(line)).joined(separator: "\n")
    case .trades(let list, let unreadable, _):
      (["fills \(list.count)"] + list.map(line) + unreadable.map(line)).joined(separator: "\n")
    case .cancelTaken: "taken"
    case .failed(.refused(let error)): line("refused", error)
    case .failed, .tradableSymbols, .keyInformation, .accountRights, .accountStreamReady: nil
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  private static func line(_ kind: String, _ error: ExchangeError) -> String {
    let finality = error.refusesPlacement ? "final" : "open"
    return "\(kind) \(error.code) \(error.action.rawValue) \(finality) \(oneLine(error.text))"
  }

  private static func line(_ rules: Instrument) -> String {
    let band = rules.priceBand
    let limits: [FixedDecimal?] = [
      rules.tickSize, rules.stepSize, rules.quoteStep, rules.minimumQuantity,
      rules.minimumNotional, rules.minimumNotionalMarket, rules.maximumNotional,
      rules.maximumNotionalMarket, band?.buyUp, band?.sellDown,
    ]
    let types = rules.types.map(\.rawValue).sorted().joined(separator: "+")
    return
      ([
        "rules", rules.symbol.text, rules.baseAsset, rules.quoteAsset,
        rules.isTradable ? "open" : "closed", "\(rules.sides)", types.isEmpty ? "none" : types,
      ] + limits.map(word)).joined(separator: " ")
  }

  private static func line(_ report: OrderReport) -> String {
    let status =
      switch report.status {
      case .undocumented(let word): "odd:" + word
      case .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled: "\(report.status)"
      }
    return [
      "order", report.symbol.text, report.orderID, report.clientOrderID ?? ToyWords.none,
      report.side.rawValue, report.type?.rawValue ?? ToyWords.none, word(report.price),
      word(report.quantity), word(report.executedQuantity), word(report.executedQuote), status,
    ].joined(separator: " ")
  }

  private static func line(_ trade: TradeReport) -> String {
    [
      "fill", trade.symbol.text, trade.tradeID, trade.orderID, trade.clientOrderID ?? ToyWords.none,
      word(trade.price), word(trade.quantity),
    ].joined(separator: " ")
  }

  private static func line(_ row: UnreadableRow) -> String {
    let name =
      switch row.name {
      case .text(let text): "named:" + text
      case .none: "nameless"
      case .unknown: "unknown"
      }
    return "unclear \(row.orderID ?? ToyWords.none) \(name) \(oneLine(row.reason))"
  }

  private static func word(_ value: FixedDecimal?) -> String { value?.description ?? ToyWords.none }
}
