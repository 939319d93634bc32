package import Domain

/// One row of the exchange's table of error codes.
struct ErrorRule: Sendable {
  let codes: [Int]
  /// The exchange's own explanation, in our words; stands in for a message that is empty.
  let meaning: String
  let action: ExchangeError.Action
  /// Whether it proves that a placement made no order. MEXC spot has no status for a rejected order:
  /// one that is not valid fails in the answer, with the code of the check that it did not pass. So
  /// the codes of those checks prove it: of the request, the key, the symbol, the side, the type, the
  /// size, the price and the balance. Every other code leaves the outcome open: what tells of an
  /// order that is there (-2011, -2013, 30026), of work that was begun (10203) or of a service that
  /// failed (20001, 20002, 11444, 510), what is documented for other services (wallet, sub-accounts,
  /// streams), and what is not documented at all.
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

  private static let orderCodes = Set(orderRules.flatMap(\.codes))

  /// Whether the code is about a symbol, a size, a price or an order, and not about the request.
  package static func isAboutOneOrder(_ code: Int) -> Bool { orderCodes.contains(code) }

  /// Whether it is checked before any order of a request is looked at: the account, the key, the
  /// signature, the time, the route and the form of the body.
  static func isAboutWholeRequest(_ code: Int) -> Bool {
    switch byCode[code]?.action {
    case .halt, .clock: true
    case .fix: checkedFirst.contains(code)
    case .query, .skip, .suspended, .size, .wait, nil: false
    }
  }

  /// The receive window, the interface and the content type.
  private static let checkedFirst: Set<Int> = [700_005, 700_011, 700_013]

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
    var error = ExchangeError(
      code: code, text: text.isEmpty ? rule.meaning : text, action: rule.action,
      refusesPlacement: rule.refusesPlacement, advice: rule.advice)
    if code == marketOrdersDisabled, isAboutAccount(text) {
      error.action = .halt
      error.advice = "Ask MEXC's support why the account cannot order."
    }
    return error
  }

  /// It has come with a text about the account as well ("account temporarily cannot order, contact
  /// support", in ccxt's samples), and texts come in Chinese, too.
  private static let marketOrdersDisabled = 30018

  private static func isAboutAccount(_ text: String) -> Bool {
    let text = text.lowercased()
    return ["account", "账户", "账号", "帐户", "帐号"].contains { text.contains($0) }
  }
}
