import Domain
import Execution
import Testing

/// A whole life, with the daemon killed in every turn of it, around its commit and after it.
@Suite struct RestartTests {
  enum Life: CaseIterable {
    case filled, answerLost, throttled, clockRefused, neverArrived, lateVisible, cancelled
    case market
  }

  private func exchange(for life: Life) -> FakeExchange {
    let exchange = FakeExchange()
    exchange.latency = .milliseconds(40)
    var placements = 0
    exchange.script = { [unowned exchange] dispatch, now in
      guard let request = dispatch.request.orderRequest else { return nil }
      placements += 1
      switch life {
      case .filled, .cancelled, .market: return nil
      case .answerLost:
        exchange.accept(request)
        return .answer(.failed(.noAnswer("time out")), after: .seconds(10))
      case .lateVisible:
        exchange.accept(request, visibleFrom: now.monotonic.advanced(by: .seconds(55)))
        return .answer(.failed(.unreadable("502")), after: .milliseconds(40))
      case .throttled:
        return placements == 1 ? .answer(throttled(.seconds(3)), after: .milliseconds(40)) : nil
      case .clockRefused:
        return placements == 1 ? .answer(refusal(700003, .clock), after: .milliseconds(40)) : nil
      case .neverArrived: return .answer(.failed(.noAnswer("reset")), after: .seconds(1))
      }
    }
    return exchange
  }

  private func signal(for life: Life) -> Signal {
    life == .market ? market("a", amount: .quote(decimal("50"))) : limit("a")
  }

  /// Lives it to the end; the sender sends again what it got no answer for.
  private func live(_ life: Life, crash: @escaping (Int) -> CrashPoint?) -> EngineHarness {
    let harness = EngineHarness(exchange: exchange(for: life))
    harness.comparesEveryTurn = true
    harness.crash = crash
    harness.tick()
    harness.advance(by: .milliseconds(100))
    while harness.store.signals.isEmpty { harness.submit(signal(for: life)) }
    harness.advance(by: .milliseconds(500))
    if life == .cancelled { harness.command(.cancel(signalID("a"))) }
    if harness.exchange.ledger.count == 1, life != .market, life != .cancelled {
      harness.exchange.fill(0, to: "0.5", .partiallyFilled)
    }
    harness.advance(by: .seconds(5))
    if harness.exchange.ledger.count == 1, life != .market, life != .cancelled {
      harness.exchange.fill(0, to: "1", .filled)
    }
    harness.advance(by: .seconds(150))
    if life == .cancelled, harness.status("a") == .open {
      // The cancel itself was lost with the daemon.
      harness.command(.cancel(signalID("a")))
      harness.advance(by: .seconds(20))
    }
    return harness
  }

  private func check(_ harness: EngineHarness, _ life: Life, _ point: String) {
    let mayRetry = life == .throttled || life == .clockRefused
    #expect(harness.placements.count <= (mayRetry ? 2 : 1), "\(life) \(point)")
    #expect(harness.exchange.ledger.count <= 1, "\(life) \(point)")
    let status = harness.status("a")
    if harness.exchange.ledger.isEmpty {
      // Armed, and then killed before or while it left: it is known to be nowhere. What the exchange has
      // refused for sure goes once more; only the operator's cancel may come before.
      let isInDoubt = status == .notFound && harness.store.mayHaveLeft(key("a"))
      let isCancelled =
        life == .cancelled && status == .denied && harness.code("a") == .canceled
      #expect(isInDoubt || isCancelled, "\(life) \(point)")
      #expect(harness.engine.liveOrders.count == (status == .notFound ? 1 : 0))
    } else {
      #expect(status == (life == .cancelled ? .canceled : .filled), "\(life) \(point)")
      #expect(harness.engine.liveOrders.isEmpty, "\(life) \(point)")
      #expect(harness.code("a") == .accepted)
    }
    harness.checkStore()
  }

  @Test(arguments: Life.allCases)
  func `killed in every turn`(life: Life) {
    let calm = live(life) { _ in nil }
    check(calm, life, "calm")
    let expected: OrderStatus =
      switch life {
      case .neverArrived: .notFound
      case .cancelled: .canceled
      case .filled, .answerLost, .throttled, .clockRefused, .lateVisible, .market: .filled
      }
    #expect(calm.status("a") == expected)
    #expect(calm.turn > 10)
    for turn in 2...min(calm.turn, 60) {
      for point in CrashPoint.allCases {
        let harness = live(life) { $0 == turn ? point : nil }
        check(harness, life, "\(point) of turn \(turn)")
      }
    }
  }

  /// Killed again while it recovers.
  @Test(arguments: [Life.filled, .answerLost, .clockRefused])
  func `killed twice`(life: Life) {
    for turn in stride(from: 5, through: 14, by: 1) {
      for gap in 1...8 {
        for point in CrashPoint.allCases {
          let harness = live(life) { now in
            if now == turn { return .afterCommit }
            return now == turn + gap ? point : nil
          }
          check(harness, life, "twice, \(point) \(gap) turns after turn \(turn)")
        }
      }
    }
  }

  @Test func `a restart rebuilds what was held`() {
    let harness = EngineHarness.open()
    harness.submit(limit("open"))
    harness.settle()
    harness.exchange.fill(0, to: "0.3", .partiallyFilled)
    harness.advance(by: .seconds(1))
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.noAnswer("time out"))) : nil
    }
    harness.submit(limit("lost", eth))
    harness.settle()
    harness.exchange.script = { dispatch, _ in
      dispatch.isPlacement ? .answer(.failed(.notSent("refused"))) : nil
    }
    harness.submit(limit("waits", sol))
    harness.settle()
    let held = harness.engine.liveOrders
    #expect(held.map(\.status) == [.partiallyFilled, .unknown, .new])
    let fresh = Engine(
      harness.configuration, restoring: harness.store.state(at: harness.now.wall),
      signals: harness.signals, at: harness.now)
    #expect(fresh.liveOrders == held)
    var (old, new) = (harness.engine, fresh)
    #expect(
      old.status(at: harness.now).dailyQuote == new.status(at: harness.now).dailyQuote)
  }

  /// An order whose expiry passed while the daemon was down is never sent.
  @Test func `what expired meanwhile is refused`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a"))
    harness.exchange.script = { _, _ in nil }
    harness.restart(after: .seconds(60))
    #expect(harness.code("a") == .expired)
    #expect(harness.outcome("a")?.code == .expired)
    #expect(harness.placements.isEmpty)
  }

  /// Checking an order makes none, so there is nothing to look for.
  @Test(arguments: [Duration.zero, .seconds(60)])
  func `a test order that was out is asked for again while its signal lives`(downtime: Duration) {
    let harness = EngineHarness.open(makeConfiguration { $0.mode = .validate })
    harness.exchange.script = { dispatch, _ in dispatch.isPlacement ? .hold : nil }
    harness.submit(limit("a"))
    harness.settle()
    #expect(harness.status("a") == .submitted)
    harness.exchange.script = { _, _ in nil }
    harness.restart(after: downtime)
    harness.advance(by: .seconds(10))
    let isAlive = downtime == .zero
    #expect(harness.status("a") == (isAlive ? .validated : .expired))
    #expect(harness.placements(of: "a").count == (isAlive ? 2 : 1))
    #expect(harness.requests(\.isLook).isEmpty)
    harness.submit(limit("b"))
    harness.settle()
    #expect(harness.status("b") == .validated)
    harness.checkStore()
  }

  @Test func `a symbol that is no longer allowed is refused after a restart`() {
    let harness = EngineHarness.open()
    harness.exchange.script = { dispatch, _ in dispatch.request.isPrices ? .hold : nil }
    harness.submit(limit("a", eth))
    harness.exchange.script = { _, _ in nil }
    harness.restart(after: .zero, makeConfiguration { $0.risk.symbols = [btc] })
    #expect(harness.code("a") == .symbolNotAllowed)
    #expect(harness.placements.isEmpty)
  }
}
