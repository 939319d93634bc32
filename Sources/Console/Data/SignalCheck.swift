import Configuration
import Domain
import Intake
import JSON

/// What can be said of a signal without a daemon: its form, and the limits of the configuration that
/// need no price and no exchange.
enum SignalCheck {
  private static let rest =
    "the daemon does not answer: price, symbol rules, open orders, rates, daily amount and a repeated "
    + "id are judged when the signal is sent"

  static func reply(_ body: [UInt8], _ configuration: Configuration) -> Reply {
    let signal: Signal
    do throws(SignalRefusal) {
      signal = try SignalReader.read(body, maximumBytes: configuration.intake.maximumSignalBytes)
    } catch {
      return reply(error.code, error.message, field: error.field)
    }
    if let allowed = configuration.risk.symbols.list, !allowed.contains(signal.symbol) {
      return reply(.symbolNotAllowed, "\(signal.symbol) is not in risk.symbols.", field: "symbol")
    }
    if let limit = configuration.risk.maximumOrderQuote, let notional = notional(of: signal),
      notional > limit
    {
      return reply(
        .riskOrderQuote,
        "The order is worth \(notional), and risk.maximum_order_quote is \(limit).",
        field: nil)
    }
    if configuration.intake.requiresCreatedAt, signal.createdAt == nil {
      return reply(
        .invalidField, "created_at is required (intake.require_created_at).", field: "created_at")
    }
    if configuration.intake.requiresSource,
      !configuration.sources.contains(where: { $0.name == signal.source })
    {
      return reply(
        .unauthenticated,
        "A source of the table sources is required (intake.require_source).", field: "source")
    }
    return .json([
      "ok": true, "code": "accepted", "message": "its form is right, and it is within the limits",
      "not_judged": .string(rest),
    ])
  }

  /// Rounded up: what is checked is an upper limit. nil where only the price of the moment tells.
  private static func notional(of signal: Signal) -> FixedDecimal? {
    switch signal.amount {
    case .quote(let amount): amount
    case .base(let amount): signal.price.flatMap { amount.multiplied(by: $0, rounding: .up) }
    }
  }

  private static func reply(_ code: DecisionCode, _ message: String, field: String?) -> Reply {
    .json([
      "ok": false, "code": .string(code.rawValue), "message": .string(message),
      "field": field.map { .string($0) } ?? .null, "not_judged": .string(rest),
    ])
  }
}
