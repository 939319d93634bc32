import Domain
import Platform
import TestKit
import Testing
import Transport

@testable import Doctor

/// Facts in, stages out.
@Suite struct ExchangeJudgementTests {
  private static let bitcoin = symbol("BTCUSDT")
  private static let needed: Set<KeyInformation.Right> = [.readAccount, .readOrders, .placeOrders]

  private static func symbol(_ text: String) -> Symbol {
    guard let symbol = Symbol(exchangeText: text) else { fatalError("\(text) is a symbol") }
    return symbol
  }

  private static func wish(
    _ mode: TradingMode = .live, allows: Bool = false, symbols: [Symbol]? = [bitcoin]
  ) -> ExchangeJudgement.Wish {
    ExchangeJudgement.Wish(
      mode: mode, receiveWindow: .seconds(5), allowsWithdrawKeys: allows, symbols: symbols)
  }

  /// Of an exchange where all is well.
  private static func good(_ change: (inout ExchangeFacts) -> Void = { _ in }) -> ExchangeFacts {
    var facts = ExchangeFacts(endpoint: "https://api.mexc.com")
    facts.addresses = [.loopback4]
    facts.clock = .answered(ExchangeFacts.Clock(offset: -12, roundTrip: .milliseconds(40)))
    facts.account = .answered(AccountRights(canTrade: true))
    facts.key = .answered(
      KeyInformation(rights: needed, standing: .valid, validity: .days(80), addresses: []))
    facts.pairs = .answered([bitcoin])
    facts.testOrder = .answered(())
    facts.testSymbol = bitcoin
    change(&facts)
    return facts
  }

  private static func stage(
    _ name: Stage.Name, _ facts: ExchangeFacts, _ wish: ExchangeJudgement.Wish = wish(),
    withoutKey: String? = nil
  ) throws -> Stage {
    let stages = ExchangeJudgement(facts, wish, withoutKey: withoutKey).stages
    #expect(
      stages.map(\.name) == [.connectivity, .clock, .authentication, .permissions, .symbols])
    return try #require(stages.first { $0.name == name })
  }

  private static func refused(_ code: Int, _ text: String = "text") -> ExchangeFacts.Problem {
    .refused(code: code, text: text)
  }

  @Test func `where all is well every stage is`() {
    for wish in [Self.wish(), Self.wish(.validate), Self.wish(symbols: nil)] {
      let stages = ExchangeJudgement(Self.good(), wish).stages
      #expect(stages.allSatisfy { $0.verdict == .ok && $0.advice == nil }, "\(stages)")
    }
  }

  @Test func `paper needs no key`() throws {
    var facts = Self.good()
    facts.account = .no
    facts.key = .no
    facts.pairs = .no
    for name in [Stage.Name.authentication, .permissions] {
      let stage = try Self.stage(name, facts, Self.wish(.paper))
      #expect(stage.verdict == .ok && stage.detail == "not needed in paper mode")
    }
    #expect(try Self.stage(.symbols, facts, Self.wish(.paper)).verdict == .ok)
  }

  @Test func `nothing is judged that rests on what failed`() throws {
    var facts = ExchangeFacts(endpoint: "https://api.mexc.com")
    facts.clock = .failed(.resolution("unknown"))
    let stages = ExchangeJudgement(facts, Self.wish()).stages
    #expect(stages[0].verdict == .failed)
    #expect(stages.dropFirst().allSatisfy { $0.verdict == .notChecked && !$0.isOK })
    #expect(stages[1].detail == "not checked: the exchange is not reached")
    let keyless = try Self.stage(
      .authentication, Self.good { $0.account = .no }, withoutKey: "no key")
    #expect(keyless.detail == "not checked: no key")
  }

  @Test(arguments: [(true, 418, "banned this address"), (false, 429, "demanded a back-off")])
  func `a known back-off is kept, and said`(_ isBan: Bool, _ code: Int, _ words: String) throws {
    var facts = ExchangeFacts(endpoint: "https://api.mexc.com")
    facts.backOff = BanRecord(
      until: WallTime(milliseconds: 1_790_000_000_000), wait: .seconds(60), isBan: isBan,
      reason: "Too Many Requests")
    let stage = try Self.stage(.connectivity, facts)
    #expect(stage.verdict == .failed && stage.code == code)
    #expect(stage.detail.contains(words) && stage.detail.contains("nothing is sent before"))
  }

  @Test func `a firewall's refusal that is known is said to be one`() throws {
    var facts = ExchangeFacts(endpoint: "https://api.mexc.com")
    facts.backOff = BanRecord(
      until: WallTime(milliseconds: 1_790_000_000_000), wait: .seconds(60), isBan: false,
      reason: BanRecord.blocked + "Access Denied")
    let stage = try Self.stage(.connectivity, facts)
    #expect(stage.verdict == .failed && stage.code == 403)
    #expect(stage.detail.contains("firewall refused this machine"))
    #expect(stage.advice?.contains("another address") == true)
  }

  // MARK: Clock

  @Test(arguments: [
    (5_001, Stage.Verdict.failed, "5001 ms behind"), (-1_000, .failed, "1000 ms ahead of"),
    (4_999, .ok, "4999 ms behind"), (-999, .ok, "999 ms ahead of"), (0, .ok, "0 ms behind"),
  ])
  func `the clock may be as wrong as a request may`(
    _ offset: Int64, _ verdict: Stage.Verdict, _ words: String
  ) throws {
    let facts = Self.good {
      $0.clock = .answered(ExchangeFacts.Clock(offset: offset, roundTrip: .milliseconds(40)))
    }
    let stage = try Self.stage(.clock, facts)
    #expect(stage.verdict == verdict && stage.detail.contains(words))
    #expect((stage.advice?.contains("chrony") == true) == (verdict == .failed))
  }

  @Test(arguments: [700003, -1021, 10073])
  func `a refused stamp is the clock's fault`(_ code: Int) throws {
    let facts = Self.good { $0.account = .failed(Self.refused(code)) }
    let clock = try Self.stage(.clock, facts)
    #expect(clock.verdict == .failed && clock.code == code)
    #expect(try Self.stage(.authentication, facts).verdict == .notChecked)
  }

  // MARK: Authentication

  @Test(arguments: [
    700001, -2014, 10072, -2015, 402, 700002, -1022, 602, 700006, 406, 700004, 700013, 500, 510,
  ])
  func `what is wrong with the key stops at the key`(_ code: Int) throws {
    let facts = Self.good {
      $0.account = .failed(Self.refused(code, "the words"))
      $0.key = .no
      $0.pairs = .no
    }
    let stage = try Self.stage(.authentication, facts)
    #expect(stage.verdict == .failed && stage.code == code)
    #expect(stage.detail.contains("code \(code): the words"))
    #expect(try Self.stage(.permissions, facts).verdict == .notChecked)
  }

  @Test func `a key that is unknown because it expired is told as expired`() throws {
    let facts = Self.good {
      $0.account = .failed(Self.refused(10072))
      $0.key = .answered(KeyInformation(validity: .days(0)))
    }
    let stage = try Self.stage(.authentication, facts)
    #expect(stage.detail == "the API key has expired (code 10072)" && stage.code == 10072)
    #expect(stage.advice?.contains("90 days") == true)
  }

  // MARK: Permissions

  @Test(arguments: [700007, 401, 403])
  func `a permission that is missing is named`(_ code: Int) throws {
    let facts = Self.good {
      $0.account = .failed(Self.refused(code))
      $0.key = .no
      $0.testOrder = .failed(Self.refused(code))
      $0.openOrders = .answered(())
    }
    #expect(try Self.stage(.authentication, facts).verdict == .ok)
    let stage = try Self.stage(.permissions, facts)
    #expect(stage.verdict == .failed && stage.code == code)
    #expect(
      stage.detail.hasPrefix(
        "the API key may not read the account, nor place orders (code \(code))"))
    #expect(stage.advice?.contains("never withdrawal") == true)
  }

  @Test func `a permission that the exchange does not list is missing`() throws {
    let facts = Self.good {
      $0.key = .answered(
        KeyInformation(rights: [.readAccount, .placeOrders], validity: .permanent))
    }
    let stage = try Self.stage(.permissions, facts)
    #expect(stage.verdict == .failed)
    #expect(stage.detail.hasPrefix("the API key may not read orders"))
  }

  @Test(arguments: [
    (TradingMode.live, false, Stage.Verdict.failed), (.live, true, .warning),
    (.validate, false, .warning),
  ])
  func `a key that may withdraw`(
    _ mode: TradingMode, _ allows: Bool, _ verdict: Stage.Verdict
  ) throws {
    let facts = Self.good {
      $0.key = .answered(
        KeyInformation(rights: Self.needed.union([.withdraw]), validity: .permanent))
    }
    let stage = try Self.stage(.permissions, facts, Self.wish(mode, allows: allows))
    #expect(stage.verdict == verdict && stage.detail.hasPrefix("the API key may withdraw"))
    #expect(
      (stage.advice?.contains("credentials.allow_withdraw_keys") == true) == (verdict == .failed))
  }

  @Test func `what the exchange does not tell is said, and is no failure`() throws {
    let facts = Self.good {
      $0.key = .failed(.unreadable("neither"))
      $0.openOrders = .answered(())
    }
    let stage = try Self.stage(.permissions, facts)
    #expect(stage.verdict == .warning)
    #expect(stage.detail.contains("does not tell whether the API key may withdraw"))
  }

  @Test(arguments: [
    (KeyInformation.Validity.days(10), Stage.Verdict.ok, "10 days left"),
    (.days(9), .warning, "expires in 9 days"), (.days(1), .warning, "expires in 1 day"),
    (.days(0), .failed, "has expired"), (.permanent, .ok, "does not expire"),
  ])
  func `the days that are left`(
    _ validity: KeyInformation.Validity, _ verdict: Stage.Verdict, _ words: String
  ) throws {
    let facts = Self.good {
      $0.key = .answered(KeyInformation(rights: Self.needed, validity: validity))
    }
    let stage = try Self.stage(.permissions, facts)
    #expect(stage.verdict == verdict && stage.detail.contains(words), "\(stage)")
  }

  @Test func `a frozen key and a closed account are told`() throws {
    let frozen = Self.good {
      $0.key = .answered(KeyInformation(rights: Self.needed, standing: .unusable("FROZEN")))
    }
    #expect(try Self.stage(.permissions, frozen).detail.contains("calls the API key FROZEN"))
    var unknown = frozen
    unknown.account = .failed(Self.refused(10072))
    let refused = try Self.stage(.authentication, unknown)
    #expect(refused.detail == "the exchange calls the API key FROZEN (code 10072)")
    #expect(refused.verdict == .failed && refused.advice?.contains("make a new one") == true)
    let closed = Self.good { $0.account = .answered(AccountRights(canTrade: false)) }
    let stage = try Self.stage(.permissions, closed)
    #expect(stage.verdict == .failed && stage.advice?.contains("KYC") == true)
    let restricted = Self.good { $0.account = .failed(Self.refused(730100)) }
    #expect(try Self.stage(.permissions, restricted).code == 730100)
  }

  @Test(arguments: [
    (60005, "your account is abnormal"), (10098, "stopped"), (30018, "account cannot order"),
  ])
  func `an account that may place no order is told`(_ code: Int, _ words: String) throws {
    let refusal = ExchangeFacts.Asked<Void>.failed(Self.refused(code, words))
    let attempts: [WritableKeyPath<ExchangeFacts, ExchangeFacts.Asked<Void>>] = [
      \.testOrder, \.openOrders,
    ]
    for attempt in attempts {
      let facts = Self.good { $0[keyPath: attempt] = refusal }
      let stage = try Self.stage(.permissions, facts)
      #expect(stage.verdict == .failed && stage.code == code)
      #expect(
        stage.detail.hasPrefix("the exchange restricts the account (code \(code): \(words))"))
      #expect(stage.advice?.contains("KYC") == true)
    }
  }

  @Test(arguments: [
    (30002, Stage.Verdict.ok), (10101, .ok), (30018, .ok), (30087, .ok), (700013, .warning),
    (123_456, .warning), (402, .failed), (700006, .failed),
  ])
  func `a check of an order fails for its numbers, or for more`(
    _ code: Int, _ verdict: Stage.Verdict
  ) throws {
    let facts = Self.good { $0.testOrder = .failed(Self.refused(code)) }
    let stage = try Self.stage(.permissions, facts)
    #expect(stage.verdict == verdict && (stage.code == code) == (verdict == .failed))
    #expect(stage.detail.contains("the check of an order is refused: ") == (verdict != .ok))
    #expect(stage.detail.contains("(code \(code): text)") == (verdict != .ok))
  }

  @Test func `the key is not blamed where the account could not be asked about`() throws {
    let limit = ExchangeFacts.Problem.throttled(
      isBan: false, until: WallTime(milliseconds: 1_790_000_000_000), text: "slow down")
    let rows: [(ExchangeFacts.Problem, String)] = [
      (limit, "the account could not be asked about"),
      (.unreadable("a page"), "the account could not be asked about"),
      (Self.refused(700003), "the account could not be asked about"),
      (Self.refused(700002), "the exchange does not accept the API key"),
    ]
    for (problem, words) in rows {
      let facts = Self.good {
        $0.account = .failed(problem)
        $0.key = .no
        $0.pairs = .no
      }
      for name in [Stage.Name.permissions, .symbols] {
        #expect(try Self.stage(name, facts).detail == "not checked: \(words)", "\(problem)")
      }
    }
  }

  @Test func `the key is not blamed where the account is restricted`() throws {
    let facts = Self.good {
      $0.account = .failed(Self.refused(730100))
      $0.key = .no
      $0.pairs = .no
    }
    let words = "not checked: the account could not be asked about"
    #expect(try Self.stage(.symbols, facts).detail == words)
  }

  // MARK: Symbols

  @Test func `pairs and rules are judged`() throws {
    let other = Self.symbol("ETHUSDT")
    let absent = try Self.stage(.symbols, Self.good(), Self.wish(symbols: [Self.bitcoin, other]))
    #expect(absent.verdict == .failed)
    #expect(absent.detail.hasPrefix("the API key may not trade ETHUSDT"))
    let closed = try Self.stage(.symbols, Self.good { $0.testOrder = .failed(Self.refused(10007)) })
    #expect(closed.verdict == .failed && closed.code == 10007)
    let unlisted = try Self.stage(
      .symbols, Self.good { $0.rules = .answered(InstrumentList(listed: [], unreadable: [])) })
    #expect(unlisted.detail.hasPrefix("the exchange does not list BTCUSDT"))
    let unread = try Self.stage(
      .symbols,
      Self.good {
        $0.rules = .answered(
          InstrumentList(
            listed: [], unreadable: [UnreadableRules(symbol: Self.bitcoin, reason: "tick size 0")]))
      })
    #expect(unread.detail.contains("tick size 0"))
    let none = try Self.stage(
      .symbols, Self.good { $0.pairs = .answered([]) }, Self.wish(symbols: nil))
    #expect(none.verdict == .failed)
  }

  private static func listed(
    _ sides: Instrument.TradableSides, pairs: [Symbol] = [bitcoin]
  ) -> ExchangeFacts {
    let one = FixedDecimal(1)
    let rules = Instrument(
      venue: "test", symbol: bitcoin, baseAsset: "BTC", quoteAsset: "USDT", isTradable: true,
      sides: sides, types: [.limit], tickSize: one, stepSize: one, quoteStep: one,
      minimumQuantity: one, minimumNotional: one, minimumNotionalMarket: one, maximumNotional: nil,
      maximumNotionalMarket: nil, priceBand: nil)
    return good {
      $0.pairs = .answered(pairs)
      $0.rules = .answered(InstrumentList(listed: [rules], unreadable: []))
    }
  }

  @Test(arguments: [
    (Instrument.TradableSides.both, Stage.Verdict.ok, "1 in risk.symbols"),
    (.buyOnly, .ok, "takes only buys of BTCUSDT"), (.sellOnly, .ok, "takes only sells of BTCUSDT"),
    (.none, .failed, "takes neither buys nor sells of BTCUSDT"),
  ])
  func `the sides that a symbol takes`(
    _ sides: Instrument.TradableSides, _ verdict: Stage.Verdict, _ words: String
  ) throws {
    let stage = try Self.stage(.symbols, Self.listed(sides))
    #expect(stage.verdict == verdict && stage.detail.contains(words), "\(stage)")
    #expect((stage.advice?.contains("risk.symbols") == true) == (verdict == .failed))
  }

  @Test func `a name that is not listed is not looked for among the key's pairs`() throws {
    let misspelled = Self.symbol("BTCUSDX")
    var facts = Self.listed(.both)
    facts.testSymbol = misspelled
    facts.testOrder = .failed(Self.refused(10007))
    let stage = try Self.stage(.symbols, facts, Self.wish(symbols: [misspelled, Self.bitcoin]))
    #expect(stage.verdict == .failed)
    #expect(stage.detail == "the exchange does not list BTCUSDX; 2 in risk.symbols")
    #expect(stage.advice == "check its spelling, or take it off risk.symbols")
    let forbidden = try Self.stage(.symbols, Self.listed(.both, pairs: []))
    #expect(forbidden.detail.hasPrefix("the API key may not trade BTCUSDT"))
  }
}
