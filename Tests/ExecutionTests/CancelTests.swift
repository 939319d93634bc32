import Domain
import Execution
import Testing

/// Cancels that the exchange refuses, or that do not end the order.
@Suite struct CancelTests {
  private func resting() -> EngineHarness {
    let harness = EngineHarness.open()
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .open)
    return harness
  }

  private func refuse(_ harness: EngineHarness, _ code: Int, _ action: ExchangeError.Action) {
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isCancel ? .answer(refusal(code, action, refuses: false)) : nil
    }
  }

  private func lines(_ harness: EngineHarness) -> [LogEntry] {
    harness.logs.filter { $0.message.contains("refused the cancel") }
  }

  @Test(arguments: [
    (30_000, ExchangeError.Action.suspended, LogEntry.Level.warning), (700_006, .halt, .error),
    (10_007, .skip, .error), (700_004, .fix, .error), (30_002, .size, .error),
  ])
  func `it is asked for again until it is taken, and said once`(
    code: Int, action: ExchangeError.Action, level: LogEntry.Level
  ) throws {
    let harness = resting()
    refuse(harness, code, action)
    harness.command(.cancelAll)
    harness.advance(by: .seconds(300))
    #expect((4...6).contains(harness.requests(\.isCancel).count))
    #expect(harness.status("a") == .open)
    #expect(harness.order("a")?.cancelRequested == true)
    let line = try #require(lines(harness).first)
    #expect(lines(harness).count == 1)
    #expect(line.level == level)
    #expect(line.message.contains("code \(code): text \(code)"))
    #expect(line.message.contains("once a minute"))
    let answered = harness.store.history(of: key("a")).filter { $0.kind == "cancel_answered" }
    #expect(answered.count == 1)
    harness.exchange.script = { _, _ in nil }
    harness.advance(by: .seconds(62))
    #expect(harness.status("a") == .canceled)
    #expect(harness.engine.halt == nil)
    harness.checkStore()
  }

  @Test func `another reason is said as well`() {
    let harness = resting()
    refuse(harness, 30_000, .suspended)
    harness.command(.cancelAll)
    harness.advance(by: .seconds(70))
    refuse(harness, 700_006, .halt)
    harness.advance(by: .seconds(130))
    #expect(lines(harness).map(\.level) == [.warning, .error])
  }

  @Test(arguments: [(30_000, ExchangeError.Action.suspended), (10_007, .skip)])
  func `it is asked for again after a restart`(code: Int, action: ExchangeError.Action) {
    let harness = resting()
    refuse(harness, code, action)
    harness.command(.halt(reason: "storm", cancel: true))
    harness.settle()
    harness.exchange.script = { _, _ in nil }
    harness.restart(after: .seconds(5))
    harness.advance(by: .seconds(5))
    #expect(harness.status("a") == .canceled)
  }

  @Test(arguments: [Input.command(.cancel(signalID("a")), CommandToken(number: 99)), .keyChanged])
  func `it is asked for at once when a person asks again, or with another key`(_ input: Input) {
    let harness = resting()
    refuse(harness, 700_006, .halt)
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(harness.requests(\.isCancel).count == 1)
    harness.exchange.script = { _, _ in nil }
    harness.apply(input)
    harness.advance(by: .seconds(3))
    #expect(harness.status("a") == .canceled)
    harness.checkStore()
  }

  // MARK: Answers that decide nothing

  private func troubles(_ harness: EngineHarness) -> [String] {
    harness.engine.troubles(at: harness.now).map(\.message)
  }

  private func warnings(_ harness: EngineHarness) -> [LogEntry] {
    harness.logs.filter { $0.level == .warning && $0.message.contains("the cancel") }
  }

  static let fruitless: [(ExchangeAnswer, String)] = [
    (refusal(11_444, .wait, refuses: false), "code 11444"),
    (refusal(30_099, .query, refuses: false), "code 30099"),
    (refusal(-2011, .query, refuses: false), "code -2011"), (.cancelTaken, "still stands"),
  ]

  @Test(arguments: fruitless)
  func `one that the order outlives is told, and asked for rarely`(
    answer: ExchangeAnswer, word: String
  ) throws {
    let harness = resting()
    harness.exchange.script = { dispatch, _ in dispatch.request.isCancel ? .answer(answer) : nil }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(300))
    #expect((6...12).contains(harness.requests(\.isCancel).count))
    let told = try #require(warnings(harness).first)
    #expect(warnings(harness).count == 1)
    #expect(told.level == .warning && told.message.contains(word))
    #expect(told.fields.contains(.init("signal_id", "a")))
    let rows = harness.store.history(of: key("a")).filter { $0.kind == "cancel_answered" }
    #expect(rows.count == 1)
    #expect(troubles(harness).count == 1)
    #expect(troubles(harness).first?.contains("signal a is to be cancelled") == true)
    #expect(troubles(harness).first?.contains(word) == true)

    harness.exchange.script = { _, _ in nil }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(harness.status("a") == .canceled)
    #expect(troubles(harness).isEmpty)
    harness.checkStore()
  }

  @Test(arguments: fruitless)
  func `two of them say nothing`(answer: ExchangeAnswer, word: String) {
    let harness = resting()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      dispatch.request.isCancel && harness.requests(\.isCancel).count <= 2 ? .answer(answer) : nil
    }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(troubles(harness).isEmpty)
    harness.advance(by: .seconds(3))
    #expect(harness.requests(\.isCancel).count == 3)
    #expect(harness.status("a") == .canceled)
    #expect(warnings(harness).isEmpty)
  }

  /// A cancel that was taken may be the end, and the further ones find no order.
  @Test func `that it stands is said only where a look showed it`() {
    let harness = resting()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      if dispatch.request.isOrder { return .answer(.failed(.noAnswer("timed out"))) }
      guard dispatch.request.isCancel else { return nil }
      let isFirst = harness.requests(\.isCancel).count <= 1
      return .answer(isFirst ? .cancelTaken : refusal(-2011, .query, refuses: false))
    }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(30))
    #expect(harness.requests(\.isCancel).count >= 3)
    #expect(!troubles(harness).contains { $0.contains("still stands") })
    #expect(warnings(harness).isEmpty)
    harness.advance(by: .seconds(600))
    #expect(!troubles(harness).contains { $0.contains("still stands") })
    #expect((8...20).contains(harness.requests(\.isCancel).count))
    harness.checkStore()
  }

  /// Each cancel that the firewall refuses keeps every request back for a minute.
  @Test func `one that the firewall refuses is asked for ever more rarely`() {
    let harness = resting()
    harness.exchange.script = { dispatch, _ in
      dispatch.request.isCancel ? .answer(.failed(.blocked("HTTP 403"))) : nil
    }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(1_200))
    #expect((4...6).contains(harness.requests(\.isCancel).count))
    #expect(warnings(harness).count == 1)
    #expect(troubles(harness).contains { $0.contains("firewall refuses the cancel: HTTP 403") })
    harness.exchange.script = { _, _ in nil }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(3))
    #expect(harness.status("a") == .canceled)
    #expect(troubles(harness).isEmpty)
    harness.checkStore()
  }

  @Test func `answers that alternate are each told once`() {
    let harness = resting()
    harness.exchange.script = { [unowned harness] dispatch, _ in
      guard dispatch.request.isCancel else { return nil }
      let isEven = harness.requests(\.isCancel).count.isMultiple(of: 2)
      return .answer(isEven ? .cancelTaken : refusal(-2011, .query, refuses: false))
    }
    harness.command(.cancel(signalID("a")))
    harness.advance(by: .seconds(1_200))
    #expect(warnings(harness).count == 2)
    let rows = harness.store.history(of: key("a")).filter { $0.kind == "cancel_answered" }
    #expect(rows.count == 2)
    #expect(harness.requests(\.isCancel).count <= 30)
  }
}
