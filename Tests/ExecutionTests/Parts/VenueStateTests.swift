import Domain
import Testing

@testable import Execution

@Suite struct VenueStateTests {
  private var venue = VenueState(allowed: [btc, eth], traits, at: monotonic(.zero))
  private var scheduler = RequestScheduler(makeConfiguration().rateLimits, traits)
  private let lost = ExchangeFailure.noAnswer("timed out")

  private static func without(pairs: Bool) -> VenueTraits {
    VenueTraits(
      name: "test", cost: cost, limitsPairs: !pairs, accountReadsPerSecond: 2,
      stampLead: .seconds(1), listReach: .seconds(86_400), worthAList: 6)
  }

  private static func skip(_ action: ExchangeError.Action = .skip) -> ExchangeFailure {
    .refused(
      ExchangeError(
        code: -1121, text: "Invalid symbol.", action: action, refusesPlacement: false, advice: "x"))
  }

  /// What is asked at that time, and when it wants to be asked again.
  private mutating func asked(
    at offset: Duration = .zero
  ) -> (purposes: Set<Purpose>, wake: MonotonicTime?) {
    var reaction = Reaction(at: moment(offset))
    venue.drive(&scheduler, &reaction)
    return (drain(), reaction.deadline)
  }

  private mutating func drain() -> Set<Purpose> {
    var reaction = Reaction(at: moment())
    var prices = PriceBook(of: traits.name)
    let clock = ExchangeClock(
      reading: moment().wall, sentAt: monotonic(.zero), receivedAt: monotonic(.zero))
    scheduler.drive(&prices, clock: clock, ordersWait: false, isOver: { _ in false }, &reaction)
    var purposes: Set<Purpose> = []
    for dispatch in reaction.sent {
      if let request = scheduler.answered(dispatch.id, .failed(.notSent("")), &reaction) {
        purposes.insert(request.purpose)
      }
    }
    return purposes
  }

  private mutating func ask(_ symbol: Symbol, at offset: Duration = .zero) {
    var reaction = Reaction(at: moment(offset))
    venue.ask(symbol, &scheduler, &reaction)
  }

  @discardableResult
  private mutating func takeClock(
    _ answer: Result<WallTime, ExchangeFailure>, at offset: Duration = .zero,
    roundTrip: Duration = .zero
  ) -> (isFirst: Bool, reaction: Reaction) {
    var reaction = Reaction(at: moment(offset + roundTrip))
    let isFirst = venue.takeClock(answer, sentAt: moment(offset), &reaction)
    return (isFirst, reaction)
  }

  @discardableResult
  private mutating func takeRules(
    of symbols: [Symbol], _ answer: Result<InstrumentList, ExchangeFailure>,
    at offset: Duration = .zero
  ) -> Reaction {
    var reaction = Reaction(at: moment(offset))
    venue.takeInstruments(symbols, answer, &scheduler, &reaction)
    return reaction
  }

  private func rules(
    _ symbols: [Symbol], unreadable: [Symbol] = []
  ) -> Result<InstrumentList, ExchangeFailure> {
    ExchangeAnswer.instruments(
      symbols.map { instrument($0) },
      unreadable: unreadable.map { UnreadableRules(symbol: $0, reason: "tickSize 'x'") }
    ).instrumentsReading
  }

  @discardableResult
  private mutating func takePairs(
    _ answer: Result<[Symbol], ExchangeFailure>, at offset: Duration = .zero
  ) -> Reaction {
    var reaction = Reaction(at: moment(offset))
    venue.takeTradableSymbols(answer, &reaction)
    return reaction
  }

  // MARK: All of it

  @Test mutating func `every fact is asked for once, and no order leaves before all are known`() {
    #expect(asked().purposes == [.clock, .instruments([btc, eth]), .tradableSymbols])
    #expect(asked().purposes == [])
    takeClock(.success(moment().wall))
    takeRules(of: [btc, eth], rules([btc, eth]))
    #expect(!venue.isReady)
    takePairs(.success([btc, eth]))
    #expect(venue.isReady)
    #expect(asked() == ([], monotonic(.seconds(60))))
  }

  @Test mutating func `facts that have grown old are read again, and hold meanwhile`() {
    _ = asked()
    takeClock(.success(moment().wall))
    takeRules(of: [btc, eth], rules([btc, eth]))
    takePairs(.success([btc]))
    #expect(asked(at: .seconds(60)).purposes == [.clock])
    takeClock(.failure(lost), at: .seconds(61))
    #expect(venue.isReady)
    #expect(
      asked(at: .seconds(15 * 60)).purposes
        == [.clock, .instruments([btc, eth]), .tradableSymbols])
    takeRules(of: [btc, eth], .failure(lost), at: .seconds(15 * 60))
    takePairs(.failure(lost), at: .seconds(15 * 60))
    #expect(venue.isReady)
    #expect(
      asked(at: .seconds(15 * 60) + .milliseconds(250)).purposes
        == [.instruments([btc, eth]), .tradableSymbols])
  }

  @Test mutating func `rules of another venue are none`() throws {
    let stranger = instrument(btc, at: "elsewhere")
    takeRules(
      of: [btc, eth], .success(InstrumentList(listed: [stranger, instrument(eth)], unreadable: [])))
    #expect(throws: Denial.self) { try venue.rules(of: btc) }
    #expect(try venue.rules(of: eth) == instrument(eth))
    var restored = VenueState(allowed: [btc, eth], traits, at: monotonic(.zero))
    let facts = [stranger, instrument(eth)].map {
      VenueFacts.Rules(instrument: $0, readAt: moment().wall)
    }
    restored.restore(VenueFacts(rules: facts), at: moment())
    #expect(restored.facts.rules.map(\.instrument) == [instrument(eth)])
  }

  // MARK: The clock

  @Test mutating func `the clock is asked for again with a back off, told once`() {
    _ = asked()
    let told = takeClock(.failure(lost)).reaction
    #expect(told.logs.map(\.level) == [.warning])
    #expect(venue.clockNeed.lastFailure?.reason == "no answer: timed out")
    #expect(asked().wake == monotonic(.milliseconds(250)))
    #expect(asked(at: .milliseconds(250)).purposes == [.clock])
    #expect(
      takeClock(.failure(lost), at: .milliseconds(250)).reaction.logs.map(\.level) == [.debug])
    #expect(takeClock(.success(moment().wall), at: .seconds(1)).isFirst == true)
    #expect(takeClock(.success(moment().wall), at: .seconds(2)).isFirst == false)
  }

  @Test mutating func `a reading whose round trip took too long is no reading`() {
    _ = asked()
    let far = takeClock(.success(moment().wall), roundTrip: .milliseconds(1_001))
    #expect(!far.isFirst)
    #expect(venue.clock == nil)
    #expect(venue.clockNeed.failures == 1)
    #expect(takeClock(.success(moment().wall), roundTrip: .milliseconds(1_000)).isFirst == true)
    #expect(venue.clock?.error == .milliseconds(500))
  }

  @Test mutating func `a clock that is distrusted is read again at once`() {
    _ = asked()
    takeClock(.success(moment().wall))
    takeRules(of: [btc, eth], rules([btc, eth]))
    takePairs(.success([btc, eth]))
    venue.distrustClock(at: monotonic(.seconds(5)))
    #expect(!venue.isReady)
    #expect(asked(at: .seconds(5)).purposes == [.clock])
    takeClock(.success(moment().wall), at: .seconds(5))
    #expect(venue.isReady)
  }

  // MARK: The rules

  @Test(arguments: [ExchangeError.Action.skip, .fix])
  mutating func `one bad name spoils the list, so that each is asked for alone`(
    action: ExchangeError.Action
  ) throws {
    _ = asked()
    takeRules(of: [btc, eth], .failure(Self.skip(action)))
    #expect(asked().purposes == [.instruments([btc]), .instruments([eth])])
    takeRules(of: [btc], rules([btc]))
    #expect(!venue.instrumentsNeed.isMet)
    let told = takeRules(of: [eth], .failure(Self.skip(action)))
    #expect(told.logs.map(\.message) == ["the exchange does not list the symbol"])
    #expect(venue.instrumentsNeed.isMet)
    #expect(try venue.rules(of: btc)?.symbol == btc)
    #expect(throws: Denial(.symbolUnknown, "the exchange does not list ETHUSDT")) {
      try venue.rules(of: eth)
    }
  }

  @Test mutating func `a symbol of the configuration that is not listed is said once`() {
    _ = asked()
    let told = takeRules(of: [btc, eth], rules([btc])).logs
    #expect(told.map(\.level) == [.warning])
    #expect(
      told.map(\.message) == ["the exchange does not list the symbol; its signals are refused"])
    #expect(takeRules(of: [btc, eth], rules([btc]), at: .seconds(1)).logs.isEmpty)
    // Where every symbol is allowed, whoever sends a signal names them.
    venue = VenueState(allowed: nil, traits, at: monotonic(.zero))
    #expect(takeRules(of: [eth], rules([])).logs.isEmpty)
  }

  @Test mutating func `another failure of one of them is followed by all after a pause`() {
    _ = asked()
    takeRules(of: [btc, eth], .failure(Self.skip()))
    _ = asked()
    takeRules(of: [btc], rules([btc]))
    takeRules(of: [eth], .failure(lost))
    #expect(!venue.instrumentsNeed.isMet)
    #expect(asked(at: .milliseconds(250)).purposes == [.instruments([btc, eth])])
  }

  @Test mutating func `rules that cannot be read are read again sooner, and told once`() {
    _ = asked()
    let list = rules([btc], unreadable: [eth])
    #expect(takeRules(of: [btc, eth], list).logs.count == 1)
    #expect(venue.instrumentsNeed.isMet)
    #expect(throws: Denial.self) { try venue.rules(of: eth) }
    #expect(asked(at: .seconds(29)).purposes.filter(\.isOfRules) == [])
    // Those that can be read are not read with them.
    #expect(asked(at: .seconds(30)).purposes.filter(\.isOfRules) == [.instruments([eth])])
    #expect(takeRules(of: [eth], rules([], unreadable: [eth]), at: .seconds(30)).logs.count == 0)
    #expect(asked(at: .seconds(60)).purposes.filter(\.isOfRules) == [.instruments([eth])])
    takeRules(of: [eth], rules([eth]), at: .seconds(60))
    #expect(asked(at: .seconds(90)).purposes.filter(\.isOfRules) == [])
    #expect(asked(at: .seconds(900)).purposes.filter(\.isOfRules) == [.instruments([btc, eth])])
  }

  @Test mutating func `a refused signal has unreadable rules read again, not faster than that`() {
    _ = asked()
    takeRules(of: [btc, eth], rules([btc], unreadable: [eth]))
    venue.readAgain(eth, &scheduler, at: monotonic(.seconds(4)))
    #expect(drain() == [])
    venue.readAgain(btc, &scheduler, at: monotonic(.seconds(5)))
    #expect(drain() == [])
    venue.readAgain(eth, &scheduler, at: monotonic(.seconds(5)))
    venue.readAgain(eth, &scheduler, at: monotonic(.seconds(6)))
    #expect(drain() == [.instruments([eth])])
  }

  @Test mutating func `symbols that are allowed later need their rules, others keep theirs`() throws
  {
    _ = asked()
    takeRules(of: [btc, eth], rules([btc, eth]))
    venue.allow([btc, sol], at: monotonic(.seconds(1)))
    #expect(venue.instrumentsNeed.isMet)
    #expect(try venue.rules(of: btc) != nil)
    #expect(try venue.rules(of: sol) == nil)
    #expect(asked(at: .seconds(1)).purposes == [.instruments([btc, sol])])
    takeRules(of: [btc, sol], rules([btc, sol]), at: .seconds(1))
    #expect(venue.instrumentsNeed.isMet)
  }

  @Test mutating func `symbols that are allowed while a list is out are asked for after it`() {
    _ = asked()
    venue.allow([sol], at: monotonic(.zero))
    #expect(asked().purposes == [])
    takeRules(of: [btc, eth], rules([btc, eth]))
    #expect(!venue.instrumentsNeed.isMet)
    #expect(asked().purposes == [.instruments([sol])])
  }

  @Test mutating func `where every symbol is allowed the rules are asked for when needed`() throws {
    venue = VenueState(allowed: nil, traits, at: monotonic(.zero))
    #expect(asked().purposes == [.clock, .tradableSymbols])
    #expect(venue.instrumentsNeed.isMet)
    for _ in 0..<2 { ask(btc) }
    #expect(drain() == [.instruments([btc])])
    takeRules(of: [btc], rules([btc]))
    #expect(try venue.rules(of: btc) != nil)
    #expect(asked(at: .seconds(15 * 60)).purposes.contains(.instruments([btc])))
  }

  @Test mutating func `new symbols are asked for together, four times in ten seconds`() {
    venue = VenueState(allowed: nil, traits, at: monotonic(.zero))
    _ = asked()
    let names = (0..<60).map { symbol("COIN\($0)USDT") }
    for name in names { ask(name) }
    #expect(drain() == [.instruments([names[0]])])
    takeRules(of: [names[0]], rules([names[0]]))
    #expect(asked().purposes == [.instruments(Array(names[1...50]))])
    takeRules(of: Array(names[1...50]), rules([]))
    #expect(asked().purposes == [.instruments(Array(names[51...]))])
    takeRules(of: Array(names[51...]), rules([]))
    ask(btc, at: .seconds(1))
    #expect(drain() == [.instruments([btc])])
    takeRules(of: [btc], rules([btc]))
    ask(eth, at: .seconds(2))
    #expect(drain() == [])
    #expect(asked(at: .seconds(9)).purposes.filter(\.isOfRules) == [])
    #expect(asked(at: .seconds(10)).purposes.filter(\.isOfRules) == [.instruments([eth])])
    takeRules(of: [eth], rules([eth]))
    // What the exchange does not list is not asked for with the others.
    let refresh = asked(at: .seconds(15 * 60 + 10)).purposes.filter(\.isOfRules)
    #expect(refresh == [.instruments([names[0], btc, eth])])
  }

  /// What is not read again would be the oldest for ever.
  @Test mutating func `rules that are not allowed any more have no age`() {
    _ = asked()
    venue.allow([btc], at: monotonic(.zero))
    // The list that was out has both.
    takeRules(of: [btc, eth], rules([btc, eth]))
    #expect(asked(at: .seconds(900)).purposes.contains(.instruments([btc])))
    takeRules(of: [btc], rules([btc]), at: .seconds(900))
    #expect(venue.readings.oldestRulesReadAt == moment(.seconds(900)).wall)
  }

  @Test mutating func `a name that is not listed has no age`() {
    venue = VenueState(allowed: nil, traits, at: monotonic(.zero))
    for name in [btc, eth] {
      ask(name)
      _ = drain()
      takeRules(of: [name], rules([btc]))
    }
    #expect(asked(at: .seconds(900)).purposes.contains(.instruments([btc])))
    takeRules(of: [btc], rules([btc]), at: .seconds(900))
    #expect(venue.readings.oldestRulesReadAt == moment(.seconds(900)).wall)
  }

  @Test mutating func `kept rules of a symbol that is not allowed any more are nobody's origin`() {
    let facts = [btc, eth].map {
      VenueFacts.Rules(instrument: instrument($0), readAt: moment().wall)
    }
    venue.restore(VenueFacts(rules: facts), at: moment())
    venue.allow([btc], at: monotonic(.zero))
    _ = asked()
    takeRules(of: [btc], rules([btc]))
    #expect(!venue.readings.hasRestoredRules)
  }

  @Test mutating func `unreadable rules of a symbol that is not allowed any more hurry nothing`() {
    _ = asked()
    takeRules(of: [btc, eth], rules([btc], unreadable: [eth]))
    venue.allow([btc], at: monotonic(.seconds(1)))
    #expect(asked(at: .seconds(1)).purposes.contains(.instruments([btc])))
    takeRules(of: [btc], rules([btc]), at: .seconds(1))
    #expect(asked(at: .seconds(31)).purposes.filter(\.isOfRules) == [])
  }

  // MARK: The key's pairs

  @Test mutating func `a symbol that the key may not trade is refused`() {
    takeRules(of: [btc, eth], rules([btc, eth]))
    takePairs(.success([btc]))
    #expect(throws: Never.self) { try venue.rules(of: btc) }
    #expect(throws: Denial.self) { try venue.rules(of: eth) }
  }

  @Test mutating func `where no key limits the pairs they are not asked for`() {
    venue = VenueState(
      allowed: [btc], Self.without(pairs: true), at: monotonic(.zero))
    #expect(asked().purposes == [.clock, .instruments([btc])])
    #expect(venue.pairsNeed.isMet)
  }

  @Test(arguments: [ExchangeFailure.unreadable("HTML"), skip(.wait)])
  mutating func `an exchange that answers but gives no list is done without after a while`(
    failure: ExchangeFailure
  ) {
    for number in 1...3 {
      #expect(!venue.pairsNeed.isMet)
      takePairs(.failure(failure), at: .seconds(number))
    }
    #expect(venue.pairsNeed.isMet)
    #expect(venue.tradableSymbols == nil)
  }

  /// The clock shows that the exchange answers: the first failure that counts is the one after it.
  @Test(arguments: [ExchangeFailure.noAnswer("timed out"), .blocked("403")])
  mutating func `a list that alone gets no answer is done without`(failure: ExchangeFailure) {
    for number in 1...3 { takePairs(.failure(failure), at: .seconds(number)) }
    #expect(!venue.pairsNeed.isMet)
    takeClock(.success(moment().wall), at: .seconds(4))
    takePairs(.failure(failure), at: .seconds(5))
    #expect(venue.pairsNeed.isMet)
    #expect(venue.tradableSymbols == nil)
  }

  @Test(arguments: [
    skip(.halt), skip(.clock), .noAnswer("timed out"), .notSent("no route"), .blocked("403"),
  ])
  mutating func `a key that is not accepted, or a way that is down, opens nothing`(
    failure: ExchangeFailure
  ) {
    for number in 1...9 { takePairs(.failure(failure), at: .seconds(number)) }
    #expect(!venue.pairsNeed.isMet)
  }
}

extension Purpose {
  fileprivate var isOfRules: Bool { if case .instruments = self { true } else { false } }
}
