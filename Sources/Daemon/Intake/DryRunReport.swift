import Domain
import Execution
import Intake
import JSON

/// What a dry run found, for whoever asked before sending the signal.
struct DryRunReport {
  let document: JSONValue

  init(_ run: DryRun) {
    let wasRefused = run.answer.state.map { OrderStatus.isRefusal(state: $0) } ?? false
    let isOK = run.answer.status != .rejected && !wasRefused
    document = .object(
      pairs: [
        ("ok", .bool(isOK)), ("id", run.answer.id.map { .string($0) } ?? .null),
        ("code", .string(run.answer.code.rawValue)), ("field", .null),
        ("message", .string(Self.message(run))), ("next", .string(run.next.rawValue)),
        ("not_judged", Self.rest(run.next).map { .string($0) } ?? .null),
        ("checks", run.checks.map { .string($0) } ?? .null),
        ("notional", run.order?.reservedQuote.map { .string($0.description) } ?? .null),
        ("client_order_id", run.answer.clientOrderID.map { .string($0.text) } ?? .null),
      ])
  }

  /// A text that the reader of signals refuses.
  init(_ refusal: SignalRefusal) {
    document = [
      "ok": false, "id": refusal.id.map { .string($0.text) } ?? .null,
      "code": .string(refusal.code.rawValue), "field": refusal.field.map { .string($0) } ?? .null,
      "message": .string(refusal.message), "next": .string(DryRun.Next.nothing.rawValue),
      "not_judged": nil, "checks": nil, "notional": nil, "client_order_id": nil,
    ]
  }

  private static func message(_ run: DryRun) -> String {
    switch run.next {
    case .nothing: run.answer.message
    case .leaves: "it passes every check, and its order would leave at once"
    case .asksPrice: "it would be accepted, and the exchange asked about its symbol"
    case .waits: "it would be accepted, and its order would wait until it may leave"
    }
  }

  private static func rest(_ next: DryRun.Next) -> String? {
    switch next {
    case .nothing, .leaves: nil
    case .asksPrice:
      "the checks that need the symbol's rules and price, which are not known at this moment"
    case .waits: "the checks by the price of the moment at which it may leave"
    }
  }
}
