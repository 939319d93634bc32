package import Domain
package import Execution
import Intake
package import JSON
import Platform

/// What a producer finds beside its file, and gets as a line from the socket.
package enum OutcomeReport {
  /// The answer to a signal, as the socket's contract words it.
  package static func answer(_ answer: SignalAnswer) -> JSONValue {
    var pairs: [(String, JSONValue)] = [
      ("id", answer.id.map { .string($0) } ?? .null),
      ("status", .string(answer.status.rawValue)),
      ("code", .string(answer.code.rawValue)),
      ("message", .string(answer.message)),
    ]
    if let id = answer.clientOrderID { pairs.append(("client_order_id", .string(id.text))) }
    if let state = answer.state { pairs.append(("state", .string(state))) }
    return .object(pairs: pairs)
  }

  /// Why a signal was denied that a crash left in its place.
  static func denial(_ record: SignalRecord) -> JSONValue {
    answer(
      SignalAnswer(
        id: record.signalID.text, status: .rejected, code: record.decision,
        message: record.message))
  }

  /// As it stands in a file.
  static func text(_ report: JSONValue) -> [UInt8] { Array((report.prettyText() + "\n").utf8) }

  /// How a signal ended that had been accepted.
  package static func outcome(_ outcome: Outcome) -> JSONValue {
    let order = outcome.order
    return .object(
      pairs: [
        ("id", .string(outcome.signalID.text)),
        ("status", .string(order.status.rawValue)),
        ("code", .string(outcome.code.rawValue)),
        ("message", .string(outcome.message.isEmpty ? summary(of: order) : outcome.message)),
      ] + members(of: order) + [(settledAt, .string(order.updatedAt.text))])
  }

  /// One sentence about an order that the exchange has worked on.
  private static func summary(of order: Order) -> String {
    let status = order.status.words
    guard let average = order.averagePrice else {
      return "The order is \(status); nothing was executed."
    }
    return "The order is \(status): \(order.executedQuantity) executed for "
      + "\(order.executedQuote), \(average) on average."
  }

  static func members(of order: Order) -> [(String, JSONValue)] {
    let request = order.request
    var members: [(String, JSONValue)] = [
      ("client_order_id", .string(request.clientOrderID.text)),
      ("order_id", order.orderID.map { .string($0) } ?? .null),
      ("symbol", .string(request.symbol.text)), ("side", .string(request.side.rawValue)),
      ("type", .string(request.type.rawValue)),
    ]
    switch request.amount {
    case .base(let quantity): members.append(("quantity", .decimal(quantity)))
    case .quote(let quantity): members.append(("quote_quantity", .decimal(quantity)))
    }
    return members + [
      ("price", .decimal(request.price)),
      ("executed_quantity", .decimal(order.executedQuantity)),
      ("executed_quote", .decimal(order.executedQuote)),
      ("average_price", .decimal(order.averagePrice)),
    ]
  }

  /// What stands beside a file whose order is in doubt.
  package static func doubt(_ doubt: Doubt, of id: SignalID) -> JSONValue {
    .object(
      pairs: [
        ("id", .string(id.text)), ("status", .string(doubt.status.rawValue)),
        ("code", .string(doubt.code.rawValue)), ("message", .string(doubt.message)),
        ("client_order_id", .string(doubt.clientOrderID.text)),
        ("since", .string(doubt.since.text)), ("advice", .string(doubt.advice)),
      ])
  }

  /// The signal that a report is about.
  static func id(in report: [UInt8]) -> String? {
    (try? JSONReader.read(report))?["id"]?.stringValue
  }

  /// Whether two reports tell of the same end of the same signal's file, perhaps at different moments:
  /// the state of the order and the time may differ. What came of the order, a duplicate and each
  /// refusal are different ends.
  package static func isSameEnd(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard let one = try? JSONReader.read(one), let other = try? JSONReader.read(other),
      let id = one["id"]?.stringValue, id == other["id"]?.stringValue
    else { return false }
    switch (one[settledAt], other[settledAt]) {
    case (.some, .some): return true
    case (.none, .none):
      return one["status"]?.stringValue == other["status"]?.stringValue
        && one["code"]?.stringValue == other["code"]?.stringValue
    case (.some, .none), (.none, .some): return false
    }
  }

  /// Only the report of what came of an order has it.
  private static let settledAt = "settled_at"

  /// Where the file of a signal goes that the operator closed as never placed: it was sent, and what
  /// came of it may still turn out otherwise.
  static let folderOfClosed = SpoolOutcome.done

  /// Where reports lie that a late find replaces: also of a refusal that proved nothing.
  static let foldersOfLateFinds = [folderOfClosed, SpoolOutcome.rejected]

  /// Where a settled signal's file belongs.
  static func folder(of outcome: Outcome) -> SpoolOutcome {
    switch outcome.order.status {
    case .denied, .expired, .rejected: .rejected
    case .notFound: folderOfClosed
    case .new, .submitted, .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled,
      .unknown, .validated:
      .done
    }
  }
}

extension SignalRecord {
  /// Why its order ended as it did; empty where the order itself tells it. What stands beside the
  /// decision of an accepted signal is for the next start.
  func endReason(of order: Order) -> String {
    // The verdict that the operator's word ended may still stand beside the decision.
    if order.closedByOperator { return order.closingWords }
    return decision == .accepted ? "" : message
  }
}
