import Domain
import Testing

@testable import Execution

@Suite struct OrderLifeTests {
  /// A phase without its data.
  private enum Name: String, CaseIterable {
    case lookedFor, waiting, armed, unknown, open, partlyFilled, missing, ended
  }

  private static func name(_ life: OrderLife) -> Name {
    switch life.phase {
    case .lookedFor: .lookedFor
    case .waiting: .waiting
    case .armed: .armed
    case .unknown: .unknown
    case .working: life.order.status == .open ? .open : .partlyFilled
    case .missing: .missing
    case .ended: .ended
    }
  }

  private static let lost = OrderEvent.outcomeLost("lost", .answerLost)

  private static func life(_ name: Name) throws -> OrderLife {
    let search = Search(resumed: .settling, at: monotonic(.zero))
    let fresh = orderLife(1, "a")
    switch name {
    case .lookedFor: return orderLife(1, "a", in: .lookedFor(search, ifAbsent: .mayLeave))
    case .waiting: return fresh
    case .armed: return try fresh.after([armed])
    case .unknown: return try fresh.after([armed, lost])
    case .open: return try fresh.after([armed, .acknowledged(orderID: "E1")])
    case .partlyFilled:
      return try fresh.after([armed, .observed(report("a", .partiallyFilled, filled: "0.5"))])
    case .missing: return try fresh.after([armed, lost, .notFound("")])
    case .ended: return try fresh.after([.denied(.halted, "")])
    }
  }

  // MARK: Events

  private static let approved = OrderEvent.approved(
    OrderEvent.Approval(
      request: request("a"), quote: quote, reservedQuote: nil, checks: PassedChecks("")))

  /// The phase that follows each event: in `lookedFor`, `waiting`, `armed`, `unknown`, `open`,
  /// `partlyFilled`, `missing`, `ended`, and in an end that the exchange's refusal made. A dash where
  /// the event does not fit.
  private static let table: [(event: OrderEvent, follows: String)] = [
    (.created(request("a"), reservedQuote: nil), "- - - - - - - - -"),
    (approved, "lookedFor waiting - - - - - - -"),
    (.denied(.halted, ""), "ended ended - - - - - - -"),
    (.denied(.expired, ""), "ended ended - - - - - - -"),
    (armed, "armed armed - - - - - - -"),
    (.acknowledged(orderID: "E1"), "open open open open - - open - open"),
    (.validated, "- - ended - - - - - -"),
    (.refused(.exchangeRejected, ""), "- - ended missing - - - - -"),
    (.mayRetry(""), "- - waiting waiting - - - - -"),
    (lost, "- - unknown unknown - - - - -"),
    (.observed(report("a", .open)), "open open open open open partlyFilled open - open"),
    (
      .observed(report("a", .undocumented("HELD"))),
      "open open open open open partlyFilled open - open"
    ),
    (
      .observed(report("a", .open, filled: "0.5")),
      "partlyFilled partlyFilled partlyFilled partlyFilled partlyFilled partlyFilled partlyFilled "
        + "- partlyFilled"
    ),
    (
      .observed(report("a", .filled, filled: "1")),
      "ended ended ended ended ended ended ended - ended"
    ),
    (.observed(report("a", .canceled)), "ended ended ended ended ended ended ended - ended"),
    (
      .lookedUp(view: "", answer: ""),
      "lookedFor waiting armed unknown open partlyFilled missing ended ended"
    ),
    (
      .cancelRequested(by: ""),
      "lookedFor waiting armed unknown open partlyFilled missing ended ended"
    ),
    (
      .cancelAnswered("", isDefinite: false),
      "lookedFor waiting armed unknown open partlyFilled missing ended ended"
    ),
    (.notFound(""), "missing missing - missing - - - - -"),
    (.closedByOperator(""), "- - - missing ended ended missing - -"),
    (.confirmedByOperator(orderID: "E1"), "- - - open open partlyFilled - - -"),
    (.watchEnded, "- - - - - - - - -"),
  ]

  @Test func `every phase takes the events that fit it, and no other`() throws {
    let refused = try orderLife(1, "a").after([armed, .refused(.exchangeRejected, "")])
    let lives = try Name.allCases.map { try Self.life($0) } + [refused]
    for (event, row) in Self.table {
      let follows = row.split(separator: " ")
      try #require(follows.count == lives.count)
      for (life, expected) in zip(lives, follows) {
        let place = "\(event.kind) in \(Self.name(life)), \(life.order.status)"
        guard let next = try? life.after([event], at: moment(.seconds(1))) else {
          #expect(expected == "-", "\(place)")
          continue
        }
        #expect(Self.name(next).rawValue == expected, "\(place)")
      }
    }
  }

  @Test func `an event that does not fit changes nothing`() throws {
    for name in Name.allCases {
      let life = try Self.life(name)
      for (event, _) in Self.table {
        var next = life
        if (try? next.fold(event, at: moment(.seconds(1)))) != nil { continue }
        #expect(next.order == life.order)
        #expect(Self.name(next) == name)
        #expect(next.due == life.due)
      }
    }
  }

  // MARK: What is due

  @Test func `an order that waits, or whose answer is out, has nothing due by itself`() throws {
    for name in [Name.waiting, .armed, .ended] { #expect(try Self.life(name).due == nil) }
    var life = try Self.life(.waiting)
    life.waiting?.notBefore = monotonic(.seconds(3))
    #expect(life.due == monotonic(.seconds(3)))
  }

  @Test func `a search is due with its next look, and not while one is under way`() throws {
    #expect(try Self.life(.lookedFor).due == monotonic(.zero))
    var life = try Self.life(.unknown)
    #expect(life.due == monotonic(.milliseconds(500)))
    _ = life.search?.begin(full: false, at: monotonic(.milliseconds(500)))
    #expect(life.due == nil)
    _ = life.search?.take(.byClientOrderID, saidNo: true, at: monotonic(.milliseconds(600)))
    #expect(life.due == monotonic(.milliseconds(600) + .seconds(1)))
  }

  @Test func `a missing order is due once a minute, until its watch is over`() throws {
    var life = try Self.life(.missing)
    _ = life.search?.begin(full: true, at: monotonic(.seconds(10)))
    for view in Search.View.allCases {
      _ = life.search?.take(view, saidNo: true, at: monotonic(.seconds(10)))
    }
    #expect(life.due == monotonic(.seconds(70)))
    life.search = nil
    #expect(Self.name(life) == .missing)
    #expect(life.due == nil)
  }

  @Test func `a working order is due with its next look or the next cancel`() throws {
    var life = try Self.life(.open)
    #expect(life.due == monotonic(.milliseconds(100)))
    life.following?.begin(at: monotonic(.zero))
    #expect(life.due == nil)
    life.following?.cancel = .pausedUntil(monotonic(.seconds(2)))
    #expect(life.due == nil)
    try life.fold(.cancelRequested(by: "operator"), at: moment())
    #expect(life.due == monotonic(.seconds(2)))
    life.following?.schedule(after: monotonic(.seconds(9)))
    #expect(life.due == monotonic(.seconds(2)))
    life.following?.cancel = .underWay
    #expect(life.due == monotonic(.seconds(9) + .milliseconds(200)))
  }

  // MARK: What a phase keeps

  @Test func `looks and searches outlive events that change no status`() throws {
    var life = try Self.life(.open)
    for _ in 0..<5 { life.following?.schedule(after: monotonic(.zero)) }
    let due = life.due
    try life.fold(.observed(report("a", .open)), at: moment(.seconds(1)))
    #expect(life.due == due)

    var search = try Self.life(.unknown)
    _ = search.search?.begin(full: true, at: monotonic(.seconds(1)))
    try search.fold(.lookedUp(view: "trades", answer: "not there"), at: moment(.seconds(1)))
    #expect(search.search?.outstanding.count == Search.View.allCases.count)
    try search.fold(Self.lost, at: moment(.seconds(1)))
    #expect(search.search?.outstanding.count == Search.View.allCases.count)
  }

  @Test func `a pause before the next attempt survives the approval`() throws {
    var life = try Self.life(.armed)
    try life.fold(.mayRetry("not sent"), at: moment())
    life.waiting?.notBefore = monotonic(.seconds(1))
    life.waiting?.didNotLeave = true
    try life.fold(Self.approved, at: moment())
    #expect(life.waiting?.notBefore == monotonic(.seconds(1)))
    #expect(life.waiting?.didNotLeave == true)
  }

  @Test func `the data of another phase cannot be set`() throws {
    var life = try Self.life(.waiting)
    life.search = Search(resumed: .settling, at: monotonic(.zero))
    life.following = Following(firstLookAt: monotonic(.zero))
    life.clear()
    #expect(Self.name(life) == .waiting)
    life = try Self.life(.unknown)
    life.waiting = Waiting()
    life.search = nil
    #expect(Self.name(life) == .unknown)
    #expect(life.search != nil)
  }

  @Test func `an order is too old when either clock says so`() {
    let expiry = orderLife(1, "a", lives: .seconds(60)).expiry
    #expect(!expiry.isOver(at: moment(.seconds(60) - .milliseconds(1))))
    #expect(expiry.isOver(at: moment(.seconds(60))))
    let before = moment(.seconds(1))
    #expect(expiry.isOver(at: Moment(wall: expiry.wall, monotonic: before.monotonic)))
    #expect(expiry.isOver(at: Moment(wall: before.wall, monotonic: expiry.monotonic)))
  }

  /// The exchange's clock, read to 100 ms, an hour behind this machine's.
  @Test func `a pause of the machine shortens a life by the exchange's clock`() {
    var expiry = orderLife(1, "a", lives: .seconds(60)).expiry
    let clock = ExchangeClock(
      reading: moment(.seconds(-3_600)).wall, sentAt: moment(.milliseconds(-100)).monotonic,
      receivedAt: moment(.milliseconds(100)).monotonic)
    let whole = expiry.monotonic
    let unknown = expiry.shorten(by: clock)
    expiry.exchange = moment(.seconds(-3_600 + 70)).wall
    let later = expiry.shorten(by: clock)
    #expect(!unknown && !later)
    #expect(expiry.monotonic == whole)
    expiry.exchange = moment(.seconds(-3_600 + 30)).wall
    let isShorter = expiry.shorten(by: clock)
    #expect(isShorter)
    #expect(!expiry.isOver(at: moment(.milliseconds(30_099))))
    #expect(expiry.isOver(at: moment(.milliseconds(30_100))))
  }
}
