import Domain
import Testing

@testable import Execution

@Suite struct OrderTableTests {
  private static let stages: [OrderTable.Stage] = [
    .lookedFor, .waiting, .armed, .unknown, .working, .missing,
  ]

  /// Holds these orders, none of them touched.
  private func table(_ lives: [OrderLife]) -> OrderTable {
    var table = OrderTable()
    for life in lives { table.insert(life) }
    _ = table.takeTouched()
    return table
  }

  private func expectAlone(_ table: OrderTable, _ stage: OrderTable.Stage) {
    for each in Self.stages { #expect(table.count(each) == (each == stage ? 1 : 0), "\(each)") }
    #expect(table.keys(stage) == [key("a")])
  }

  // MARK: Where orders stand

  @Test func `an order stands in the stage of its phase, and in no other`() throws {
    var table = table([orderLife(1, "a")])
    expectAlone(table, .waiting)
    let steps: [(OrderEvent, OrderTable.Stage)] = [
      (armed, .armed), (.outcomeLost("lost", .answerLost), .unknown), (.notFound(""), .missing),
      (.observed(report("a", .open)), .working),
    ]
    for (event, stage) in steps {
      let result = table.update(key("a")) { life in Result { try life.fold(event, at: moment()) } }
      try result?.get()
      expectAlone(table, stage)
    }
    table.remove(key("a"))
    #expect(table.count == 0)
    #expect(Self.stages.allSatisfy { table.count($0) == 0 })
  }

  @Test func `an order that is looked for waits once it is cleared`() {
    let search = Search(resumed: .settling, at: monotonic(.zero))
    var table = table([orderLife(1, "a", in: .lookedFor(search, ifAbsent: .mayLeave))])
    expectAlone(table, .lookedFor)
    _ = table.update(key("a")) { $0.clear() }
    expectAlone(table, .waiting)
  }

  @Test func `an order is found by the name that the exchange knows`() {
    var table = table([orderLife(1, "a"), orderLife(2, "b")])
    #expect(table.key(named: "sga") == key("a"))
    #expect(table.key(named: "sgb") == key("b"))
    #expect(table.key(named: "a") == nil)
    table.remove(key("a"))
    #expect(table.key(named: "sga") == nil)
    #expect(table.key(named: "sgb") == key("b"))
  }

  @Test func `orders are listed oldest first, whatever their names`() {
    let lives = [orderLife(3, "a"), orderLife(1, "c"), orderLife(2, "b")]
    let table = table(lives)
    #expect(table.all.map(\.number) == [1, 2, 3])
    #expect(table.keys(.waiting) == [key("c"), key("b"), key("a")])
    #expect(table.oldestFirst([key("a"), key("c")]) == [key("c"), key("a")])
  }

  // MARK: Touching

  @Test func `what is touched is handed out once, oldest first`() {
    var table = OrderTable()
    for life in [orderLife(2, "a"), orderLife(1, "b"), orderLife(3, "c")] { table.insert(life) }
    #expect(table.takeTouched() == [key("b"), key("a"), key("c")])
    #expect(table.takeTouched() == [])
    _ = table.update(key("c")) { $0.looks.end() }
    table.touch(key("b"))
    table.touch(key("b"))
    table.touch(key("unknown"))
    #expect(table.takeTouched() == [key("b"), key("c")])
    table.touch(key("a"))
    table.remove(key("a"))
    #expect(table.takeTouched() == [])
  }

  @Test func `a change that concerns a stage touches those of it that it concerns`() {
    var table = table([
      orderLife(1, "a", btc), orderLife(2, "b", eth),
      orderLife(3, "c", btc, in: .armed(needsLook: false)),
    ])
    table.touchAll(.waiting) { $0.symbol == btc }
    #expect(table.takeTouched() == [key("a")])
    table.touchAll(.waiting)
    #expect(table.takeTouched() == [key("a"), key("b")])
    #expect(table.update(key("unknown")) { $0.number } == nil)
    #expect(table.takeTouched() == [])
  }

  // MARK: Alarms

  @Test func `an alarm rings once, at its time`() {
    var table = table([orderLife(1, "a", in: .armed(needsLook: false))])
    table.setAlarm(key("a"), at: monotonic(.seconds(5)))
    #expect(table.nextDue(at: moment()) == monotonic(.seconds(5)))
    table.ring(at: moment(.milliseconds(4_999)))
    #expect(table.takeTouched() == [])
    table.ring(at: moment(.seconds(5)))
    #expect(table.takeTouched() == [key("a")])
    table.ring(at: moment(.seconds(9)))
    #expect(table.takeTouched() == [])
    #expect(table.nextDue(at: moment(.seconds(9))) == nil)
  }

  @Test func `the sooner alarm counts, and a later one is not set beside it`() {
    var table = table([orderLife(1, "a", in: .armed(needsLook: false))])
    table.setAlarm(key("a"), at: monotonic(.seconds(5)))
    table.setAlarm(key("a"), at: monotonic(.seconds(7)))
    table.setAlarm(key("a"), at: monotonic(.seconds(2)))
    #expect(table.nextDue(at: moment()) == monotonic(.seconds(2)))
    table.ring(at: moment(.seconds(2)))
    #expect(table.takeTouched() == [key("a")])
    // Whoever is touched says anew when it is due.
    table.setAlarm(key("a"), at: monotonic(.seconds(7)))
    table.ring(at: moment(.seconds(7)))
    #expect(table.takeTouched() == [key("a")])
    #expect(table.nextDue(at: moment()) == nil)
  }

  @Test func `alarms of one moment ring for the oldest first`() {
    var table = table((1...5).map { orderLife(6 - $0, "s\($0)", in: .armed(needsLook: false)) })
    for index in 1...5 { table.setAlarm(key("s\(index)"), at: monotonic(.seconds(1))) }
    table.ring(at: moment(.seconds(1)))
    #expect(table.takeTouched() == (1...5).reversed().map { key("s\($0)") })
  }

  @Test func `an order that has not left is touched when either clock ends its life`() {
    let lives = [orderLife(1, "a", lives: .seconds(60))]
    var byMonotonic = table(lives)
    #expect(byMonotonic.nextDue(at: moment()) == monotonic(.seconds(60)))
    // The civil clock was set back by an hour.
    byMonotonic.ring(
      at: Moment(wall: moment(.seconds(-3_540)).wall, monotonic: monotonic(.seconds(60))))
    #expect(byMonotonic.takeTouched() == [key("a")])

    var byWall = table(lives)
    // It was set forward by 50 seconds: the life ends in 10.
    let early = Moment(wall: moment(.seconds(50)).wall, monotonic: monotonic(.zero))
    #expect(byWall.nextDue(at: early) == monotonic(.seconds(10)))
    byWall.ring(at: early)
    #expect(byWall.takeTouched() == [])
    byWall.ring(at: early.advanced(by: .seconds(10)))
    #expect(byWall.takeTouched() == [key("a")])
  }

  @Test func `an order that comes back to wait is touched at the end of its life`() throws {
    var table = table([
      orderLife(
        1, "a", in: .unknown(Search(resumed: .settling, at: monotonic(.zero))))
    ])
    let armedAgain: [OrderEvent] = [armed, .mayRetry("not sent")]
    for event in armedAgain {
      let result = table.update(key("a")) { life in Result { try life.fold(event, at: moment()) } }
      try result?.get()
    }
    _ = table.takeTouched()
    table.ring(at: moment(.seconds(60)))
    #expect(table.takeTouched() == [key("a")])
  }

  // MARK: Memory

  @Test func `alarms of orders that are gone do not pile up`() {
    var table = OrderTable()
    for number in 0..<10_000 {
      table.insert(orderLife(number, "s\(number)", lives: .seconds(86_400)))
      table.setAlarm(key("s\(number)"), at: monotonic(.seconds(3_600)))
      table.remove(key("s\(number)"))
    }
    #expect(table.alarmCount <= 3_000)
  }

  /// Looks that something else makes sooner leave the later alarm behind.
  @Test func `an order whose looks are hastened again and again keeps few alarms`() {
    var table = table([orderLife(1, "a", in: .armed(needsLook: false))])
    for step in 0..<10_000 {
      let now = Duration.milliseconds(step)
      table.setAlarm(key("a"), at: monotonic(.seconds(3_600) - now))
    }
    table.insert(orderLife(2, "b"))
    #expect(table.alarmCount <= 3_000)
    #expect(table.nextDue(at: moment()) == monotonic(.seconds(60)))
    table.ring(at: moment(.seconds(3_590) + .milliseconds(1)))
    #expect(table.takeTouched() == [key("a"), key("b")])
  }

  @Test func `an order that leaves and comes back again and again keeps few alarms`() throws {
    var table = table([orderLife(1, "a", lives: .seconds(86_400))])
    for _ in 0..<3_000 {
      for event in [armed, .mayRetry("not sent")] {
        let result = table.update(key("a")) { life in Result { try life.fold(event, at: moment()) }
        }
        try result?.get()
      }
    }
    table.insert(orderLife(2, "b"))
    #expect(table.alarmCount <= 3_000)
    _ = table.takeTouched()
    table.ring(at: moment(.seconds(86_400)))
    #expect(table.takeTouched() == [key("a"), key("b")])
  }
}
