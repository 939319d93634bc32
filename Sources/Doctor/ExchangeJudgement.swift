package import Domain
import MEXC
import Platform
import Transport

/// What the facts mean: a pure function of them, stage by stage.
package struct ExchangeJudgement {
  /// What is asked of the key and of the symbols.
  package struct Wish: Sendable {
    package var mode: TradingMode
    package var receiveWindow: Duration
    package var allowsWithdrawKeys: Bool
    /// `nil` is every symbol.
    package var symbols: [Symbol]?

    package init(
      mode: TradingMode, receiveWindow: Duration, allowsWithdrawKeys: Bool, symbols: [Symbol]?
    ) {
      self.mode = mode
      self.receiveWindow = receiveWindow
      self.allowsWithdrawKeys = allowsWithdrawKeys
      self.symbols = symbols
    }
  }

  private let facts: ExchangeFacts
  private let wish: Wish
  /// Why the key could not be used at all; `nil` when it could.
  private let withoutKey: String?

  /// `withoutKey` says why there was no key to ask with.
  package init(_ facts: ExchangeFacts, _ wish: Wish, withoutKey: String? = nil) {
    self.facts = facts
    self.wish = wish
    self.withoutKey = withoutKey
  }

  /// Connectivity, clock, authentication, permissions, symbols.
  package var stages: [Stage] { [connectivity, clock, authentication, permissions, symbols] }

  private static let notNeeded = "not needed in paper mode"

  // MARK: The way

  private var connectivity: Stage {
    if let backOff = facts.backOff {
      let (what, code, fault): (String, Int, Fault) =
        if backOff.isByFirewall {
          ("the exchange's firewall refused this machine, which waits", 403, .firewall)
        } else if backOff.isBan {
          ("the exchange banned this address", 418, .throttled(isBan: true, until: nil))
        } else {
          ("the exchange demanded a back-off", 429, .throttled(isBan: false, until: nil))
        }
      return .failed(
        .connectivity,
        "not asked: \(what) until \(backOff.until.text), and nothing is sent before "
          + "(\(backOff.reason))", fault.advice, code: code)
    }
    switch facts.clock {
    case .no: return .notChecked(.connectivity, "the exchange was not asked")
    case .answered(let clock):
      return .ok(
        .connectivity,
        "\(facts.endpoint)\(tried) answers in \(clock.roundTrip.wholeMilliseconds) ms")
    case .failed(let problem):
      return .failed(
        .connectivity, "\(problem.sentence); asked \(facts.endpoint)\(tried)",
        problem.fault.advice, code: problem.code)
    }
  }

  private var tried: String {
    facts.addresses.isEmpty
      ? "" : " at " + facts.addresses.map(\.description).joined(separator: ", ")
  }

  /// What keeps the stages behind the first from being looked at.
  private var obstacle: String? { connectivity.isOK ? nil : "the exchange is not reached" }

  // MARK: The clock

  /// How far a stamp may be ahead of the exchange's clock, in milliseconds (MEXC spot v3, "Signed").
  private static let aheadMaximum: Int64 = 1_000

  private var clock: Stage {
    if let obstacle { return .notChecked(.clock, obstacle) }
    guard let clock = facts.clock.value else {
      return .notChecked(.clock, "the exchange's clock was not read")
    }
    var findings = Findings()
    let offset = clock.offset
    let words =
      "this machine's clock is \(abs(offset)) ms \(offset < 0 ? "ahead of" : "behind") the "
      + "exchange's"
    let window = wish.receiveWindow.wholeMilliseconds
    if let problem = refusedKey, problem.fault == .clock {
      findings.fail(
        "\(problem.sentence); \(words), and an answer takes \(clock.roundTrip.wholeMilliseconds) ms",
        Fault.clockAdvice, code: problem.code)
    } else if offset > window || -offset >= Self.aheadMaximum {
      findings.fail(
        "\(words); orders carry the exchange's time, but signals expire by this machine's",
        Fault.clockAdvice)
    } else if clock.roundTrip.wholeMilliseconds > window {
      findings.fail(
        "an answer takes \(clock.roundTrip.wholeMilliseconds) ms, longer than the receive window of "
          + "\(window) ms", Fault.clockAdvice)
    } else {
      findings.note(words)
    }
    return findings.stage(.clock)
  }

  // MARK: The key

  /// The refusal of the first request that was signed.
  private var refusedKey: ExchangeFacts.Problem? { facts.account.problem }

  /// The key and its signature were accepted, though perhaps not for what was asked.
  private var isAccepted: Bool {
    if facts.account.value != nil { return true }
    switch refusedKey?.fault {
    case .permission, .accountRestricted: return true
    case .nameService, .unreachable, .certificateTime, .certificateIdentity, .encryption, .silent,
      .keyMalformed, .keyUnknown, .keyExpired, .signature, .clock, .address, .pair, .requestForm,
      .receiveWindow, .throttled, .firewall, .maintenance, .notTheExchange, .undocumented, nil:
      return false
    }
  }

  /// Why nothing is known that only an accepted key can tell.
  private var withoutAcceptance: String {
    switch refusedKey?.fault {
    case .keyMalformed, .keyUnknown, .keyExpired, .signature, .address:
      "the exchange does not accept the API key"
    case .nameService, .unreachable, .certificateTime, .certificateIdentity, .encryption, .silent,
      .clock, .permission, .accountRestricted, .pair, .requestForm, .receiveWindow, .throttled,
      .firewall, .maintenance, .notTheExchange, .undocumented, nil:
      "the account could not be asked about"
    }
  }

  private func notReached(_ name: Stage.Name) -> Stage? {
    if wish.mode == .paper { return .ok(name, Self.notNeeded) }
    if isAccepted { return nil }
    return (withoutKey ?? obstacle).map { .notChecked(name, $0) }
  }

  var authentication: Stage {
    if let stage = notReached(.authentication) { return stage }
    if isAccepted {
      return .ok(.authentication, "the exchange accepts the API key and its signature")
    }
    guard let problem = refusedKey else {
      return .notChecked(.authentication, "the account was not asked about")
    }
    if problem.fault == .clock {
      return .notChecked(.authentication, "the exchange refuses the time of a request")
    }
    if problem.fault == .keyUnknown, facts.key.value?.daysLeft == 0 {
      let fault = Fault.keyExpired
      return .failed(
        .authentication, "\(fault.cause) (code \(problem.code ?? 0))", fault.advice,
        code: problem.code)
    }
    if problem.fault == .keyUnknown, let standing = unusableStanding {
      let told = "\(standing.detail) (code \(problem.code ?? 0))"
      return .failed(.authentication, told, standing.advice, code: problem.code)
    }
    return problem.stage(.authentication)
  }

  /// What the exchange calls a key that it no longer takes, and what to do.
  private var unusableStanding: (detail: String, advice: String)? {
    guard case .unusable(let word)? = facts.key.value?.standing else { return nil }
    return (
      "the exchange calls the API key \(word.prefix(scalars: 40))",
      "look for the key in MEXC's API management, and make a new one"
    )
  }

  // MARK: What it may do

  var permissions: Stage {
    if let stage = notReached(.permissions) { return stage }
    guard isAccepted else { return .notChecked(.permissions, withoutAcceptance) }
    var findings = Findings()
    if let standing = unusableStanding { findings.fail(standing.detail, standing.advice) }
    judgeRights(&findings)
    judgeWithdrawal(&findings)
    judgeAccount(&findings)
    // What an unusable key is refused says no more.
    if unusableStanding == nil { judgeTestOrder(&findings) }
    judgeValidity(&findings)
    return findings.stage(.permissions)
  }

  private static let needed: [(right: KeyInformation.Right, name: String)] = [
    (.readAccount, "read the account"), (.readOrders, "read orders"),
    (.placeOrders, "place orders"),
  ]

  /// Refused by an attempt, or missing in the list.
  private func judgeRights(_ findings: inout Findings) {
    let attempts: [KeyInformation.Right: ExchangeFacts.Problem?] = [
      .readAccount: facts.account.problem, .readOrders: facts.openOrders.problem,
      .placeOrders: facts.testOrder.problem,
    ]
    let listed = facts.key.value?.rights
    var missing: [String] = []
    var code: Int?
    for (right, name) in Self.needed {
      let refusal = (attempts[right] ?? nil).flatMap { $0.fault == .permission ? $0 : nil }
      guard refusal != nil || listed?.contains(right) == false else { continue }
      missing.append(name)
      code = code ?? refusal?.code
    }
    guard missing.isEmpty else {
      let told = code.map { " (code \($0))" } ?? ""
      return findings.fail(
        "the API key may not \(missing.joined(separator: ", nor "))\(told)",
        Fault.permission.advice, code: code)
    }
    if listed != nil {
      findings.note("the API key may read the account, read orders and place orders")
    } else if facts.openOrders.value != nil {
      findings.note("the API key may read the account and orders")
    }
  }

  private func judgeWithdrawal(_ findings: inout Findings) {
    switch facts.key.value?.mayWithdraw {
    case true? where wish.mode == .live && !wish.allowsWithdrawKeys:
      findings.fail(
        "the API key may withdraw, and live mode trades with no such key",
        "make a key without the right to withdraw, or write credentials.allow_withdraw_keys: true")
    case true?:
      findings.warn(
        "the API key may withdraw", "make a key without that right: it does the same work")
    case false?: findings.note("it may not withdraw")
    case nil:
      let reason = facts.key.problem.map { ": \($0.sentence)" } ?? ""
      findings.warn(
        "the exchange does not tell whether the API key may withdraw\(reason)",
        "look at the key's permissions in MEXC's API management")
    }
  }

  private func judgeAccount(_ findings: inout Findings) {
    let fault = Fault.accountRestricted
    let attempts = [refusedKey, facts.openOrders.problem, facts.testOrder.problem]
    if facts.account.value?.canTrade == false {
      findings.fail("the account may not trade (canTrade is false)", fault.advice)
    } else if let problem = attempts.compactMap(\.self).first(where: { $0.fault == fault }) {
      findings.fail(problem.sentence, fault.advice, code: problem.code)
    }
  }

  /// A refusal of the order's numbers or of its symbol speaks for the key and the account.
  private func judgeTestOrder(_ findings: inout Findings) {
    guard let problem = facts.testOrder.problem, case .refused(let code, let text) = problem,
      ![Fault.permission, .accountRestricted].contains(problem.fault)
    else { return }
    let action = ErrorTable.error(code: code, text: text).action
    if ErrorTable.isAboutOneOrder(code) || action == .size { return }
    let told = "the check of an order is refused: \(problem.sentence)"
    if action == .halt {
      findings.fail(told, problem.fault.advice, code: code)
    } else {
      findings.warn(told, problem.fault.advice)
    }
  }

  private func judgeValidity(_ findings: inout Findings) {
    switch facts.key.value?.validity {
    case .permanent?: findings.note("it does not expire")
    case .days(0)?: findings.fail(Fault.keyExpired.cause, Fault.keyExpired.advice)
    case .days(let days)? where days < KeyInformation.warningDays:
      findings.warn(
        "the API key expires in \(days) day\(days == 1 ? "" : "s")",
        "renew it in MEXC's API management (possible from 5 days before its end), or make one that is "
          + "bound to this machine's address")
    case .days(let days)?: findings.note("\(days) days left")
    case nil: findings.note("when it expires is not told")
    }
  }

  // MARK: Symbols

  private var symbols: Stage {
    if let obstacle { return .notChecked(.symbols, obstacle) }
    var findings = Findings()
    judgeRules(&findings)
    if wish.mode != .paper {
      judgePairs(&findings)
      if findings.areGood, let stage = unaskedPairs { return stage }
    }
    if findings.areGood, let problem = facts.stoppedBy { return problem.stage(.symbols) }
    let count = wish.symbols?.count
    findings.note(count.map { "\($0) in risk.symbols" } ?? "every symbol is allowed")
    return findings.stage(.symbols)
  }

  private func judgeRules(_ findings: inout Findings) {
    switch facts.rules {
    case .no: break
    case .failed(let problem):
      findings.fail(
        "the symbols' rules cannot be read: \(problem.sentence)", problem.fault.advice,
        code: problem.code)
    case .answered(let list):
      for symbol in wish.symbols ?? [] {
        if let flaw = list.unreadable.first(where: { $0.symbol == symbol }) {
          findings.fail(
            "a rule of \(symbol) cannot be read (\(flaw.reason))",
            "trade another symbol until the program knows the rule, and report it")
        } else if let rules = list.listed.first(where: { $0.symbol == symbol }) {
          Self.judge(rules, &findings)
        } else {
          findings.fail(
            "the exchange does not list \(symbol)",
            "check its spelling, or take it off risk.symbols")
        }
      }
    }
  }

  private static func judge(_ rules: Instrument, _ findings: inout Findings) {
    let advice = "wait until the exchange opens it, or take it off risk.symbols"
    guard rules.isTradable else {
      return findings.fail("\(rules.symbol) is not open to trading over the API now", advice)
    }
    switch rules.sides {
    case .both: break
    case .buyOnly: findings.note("the exchange takes only buys of \(rules.symbol) now")
    case .sellOnly: findings.note("the exchange takes only sells of \(rules.symbol) now")
    case .none:
      findings.fail("the exchange takes neither buys nor sells of \(rules.symbol) now", advice)
    }
  }

  /// Then it is told so, and the daemon trades it with no key.
  private func isUnlisted(_ symbol: Symbol) -> Bool {
    guard let list = facts.rules.value else { return false }
    return !list.listed.contains { $0.symbol == symbol }
      && !list.unreadable.contains { $0.symbol == symbol }
  }

  /// The key alone can tell which pairs it may trade.
  private var unaskedPairs: Stage? {
    guard case .no = facts.pairs else { return nil }
    if let reason = withoutKey { return .notChecked(.symbols, reason) }
    guard isAccepted else { return .notChecked(.symbols, withoutAcceptance) }
    guard facts.stoppedBy == nil else { return nil }
    return .notChecked(
      .symbols,
      refusedKey?.fault == .accountRestricted
        ? withoutAcceptance : "the API key may not read which pairs it may trade")
  }

  private func judgePairs(_ findings: inout Findings) {
    if let problem = facts.testOrder.problem, problem.fault == .pair, let symbol = facts.testSymbol,
      !isUnlisted(symbol)
    {
      findings.fail("\(symbol): \(problem.sentence)", Fault.pair.advice, code: problem.code)
    }
    switch facts.pairs {
    case .no: break
    case .failed(let problem):
      findings.warn(
        "the pairs that the API key may trade are not told: \(problem.sentence)",
        problem.fault.advice)
    case .answered(let pairs):
      let allowed = Set(pairs)
      for symbol in wish.symbols ?? [] where !allowed.contains(symbol) && !isUnlisted(symbol) {
        findings.fail("the API key may not trade \(symbol)", Fault.pair.advice)
      }
      if wish.symbols == nil, pairs.isEmpty {
        findings.fail("the API key may trade no pair at all", Fault.pair.advice)
      }
    }
  }
}
