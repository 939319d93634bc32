import Configuration
import Domain
import Intake
import JSON

/// What can be said of a signal without a daemon: its form, its age, and the limits of the
/// configuration that need no price and no exchange.
enum SignalCheck {
  private static let rest =
    "the daemon does not answer: signature, halts, price, symbol rules, open orders, rates, daily "
    + "amount and a repeated id are judged when the signal is sent"
  /// As the daemon tolerates it.
  private static let tolerableLead: Duration = .seconds(60)

  static func reply(
    _ body: [UInt8], _ configuration: Configuration, at now: WallTime
  ) -> Reply {
    var id: SignalID?
    do throws(SignalRefusal) {
      let (signal, signature) = try SignalReader.readSigned(
        body, maximumBytes: configuration.intake.maximumSignalBytes)
      id = signal.id
      let source = configuration.sources.first { $0.name == signal.source }
      try checkSender(signal, isSigned: signature != nil, source, configuration.intake)
      try checkAge(of: signal, configuration.intake, at: now)
      try checkLimits(of: signal, source, configuration.risk)
    } catch {
      return reply(false, error.id ?? id, error.code, error.message, field: error.field)
    }
    return reply(true, id, .accepted, "its form is right, and it is within the limits", field: nil)
  }

  private static func checkSender(
    _ signal: Signal, isSigned: Bool, _ source: Configuration.Source?,
    _ intake: Configuration.Intake
  ) throws(SignalRefusal) {
    guard let source else {
      guard intake.requiresSource else { return }
      throw refusal(
        .unauthenticated,
        "A source of the table sources is required (intake.require_source).", field: "source")
    }
    if source.isSigned, !isSigned {
      throw refusal(
        .unauthenticated,
        "The source \"\(source.name)\" signs what it sends, and this has no signature.",
        field: "signature")
    }
  }

  private static func checkAge(
    of signal: Signal, _ intake: Configuration.Intake, at now: WallTime
  ) throws(SignalRefusal) {
    if let createdAt = signal.createdAt {
      if createdAt.since(now) > tolerableLead {
        throw refusal(
          .invalidField, "created_at lies in the future; compare the clocks of both machines",
          field: "created_at")
      }
    } else if intake.requiresCreatedAt {
      throw refusal(
        .invalidField, "created_at is required (intake.require_created_at).", field: "created_at")
    }
    let beginning = signal.createdAt ?? now
    let expiresAt =
      switch signal.expiry {
      case .at(let time): time
      case .timeToLive(let duration): beginning.advanced(by: duration)
      case .unstated: beginning.advanced(by: intake.defaultTimeToLive)
      }
    if now >= expiresAt {
      throw refusal(.expired, "it expired \(now.since(expiresAt).inWords) ago")
    }
  }

  private static func checkLimits(
    of signal: Signal, _ source: Configuration.Source?, _ risk: Configuration.Risk
  ) throws(SignalRefusal) {
    let symbol = signal.symbol
    if let source {
      if let allowed = source.symbols.list, !allowed.contains(symbol) {
        throw refusal(source, "may not trade \(symbol): it is not in its symbols")
      }
      if !source.sides.contains(signal.side) {
        throw refusal(source, "may not \(signal.side.rawValue): that is not in its sides")
      }
    }
    if let allowed = risk.symbols.list, !allowed.contains(symbol) {
      throw refusal(.symbolNotAllowed, "\(symbol) is not in risk.symbols.", field: "symbol")
    }
    guard let notional = try notional(of: signal) else { return }
    if let source, let limit = source.maximumOrderQuote, notional > limit {
      throw refusal(
        source, "asks for an order worth \(notional); its maximum_order_quote is \(limit)")
    }
    if let limit = risk.maximumOrderQuote, notional > limit {
      throw refusal(
        .riskOrderQuote,
        "The order is worth \(notional), and risk.maximum_order_quote is \(limit).")
    }
  }

  /// Rounded up: what is checked is an upper limit. nil where only the price of the moment tells.
  private static func notional(of signal: Signal) throws(SignalRefusal) -> FixedDecimal? {
    switch signal.amount {
    case .quote(let amount): return amount
    case .base(let quantity):
      guard let price = signal.price else { return nil }
      guard let notional = quantity.multiplied(by: price, rounding: .up) else {
        throw refusal(.aboveMaximum, "quantity times price is beyond what can be counted")
      }
      return notional
    }
  }

  private static func refusal(_ source: Configuration.Source, _ reason: String) -> SignalRefusal {
    refusal(.sourceLimit, "the source \"\(source.name)\" \(reason)")
  }

  private static func refusal(
    _ code: DecisionCode, _ message: String, field: String? = nil
  ) -> SignalRefusal {
    SignalRefusal(code: code, id: nil, field: field, position: nil, message: message)
  }

  /// With the members of the daemon's own answer.
  private static func reply(
    _ isOK: Bool, _ id: SignalID?, _ code: DecisionCode, _ message: String, field: String?
  ) -> Reply {
    .json([
      "ok": .bool(isOK), "id": id.map { .string($0.text) } ?? .null, "code": .string(code.rawValue),
      "message": .string(message), "field": field.map { .string($0) } ?? .null, "next": nil,
      "checks": nil, "notional": nil,
      "not_judged": .string(rest), "client_order_id": nil,
    ])
  }
}
