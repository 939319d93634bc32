package import Domain

/// One row of the exchange's table of error codes.
struct ErrorRule: Sendable {
  let codes: [Int]
  /// The exchange's own explanation, in our words; stands in for a message that is empty.
  let meaning: String
  let action: ExchangeError.Action
  /// Whether it proves that a placement made no order. Only reviewed codes do: they are checks that
  /// the exchange makes before an order exists. Every other code leaves the outcome open.
  let refusesPlacement: Bool
  /// What the operator can do, in one sentence.
  let advice: String

  init(
    _ codes: Int..., meaning: String, _ action: ExchangeError.Action,
    refusesPlacement: Bool = false, advice: String
  ) {
    self.codes = codes
    self.meaning = meaning
    self.action = action
    self.refusesPlacement = refusesPlacement
    self.advice = advice
  }
}

/// What the error codes of MEXC spot v3 mean and ask for.
package enum ErrorTable {
  private static let byCode: [Int: ErrorRule] = Dictionary(
    uniqueKeysWithValues: rules.flatMap { rule in rule.codes.map { ($0, rule) } })

  /// Every code that the table knows, in rising order.
  package static let codes: [Int] = byCode.keys.sorted()

  /// The code with what the table says of it. `text` is the exchange's own and may be empty.
  package static func error(code: Int, text: String) -> ExchangeError {
    guard let rule = byCode[code] else {
      return ExchangeError(
        code: code, text: text, action: .query, refusesPlacement: false,
        advice: "MEXC does not document this code: read the order's state at the exchange, and "
          + "report the code with its text.")
    }
    return ExchangeError(
      code: code, text: text.isEmpty ? rule.meaning : text, action: rule.action,
      refusesPlacement: rule.refusesPlacement, advice: rule.advice)
  }
}
