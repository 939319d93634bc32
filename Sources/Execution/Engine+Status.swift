package import Domain

/// What the operator sees of the engine.
package struct EngineStatus: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    case active
    /// Halted, and orders of ours are still being cancelled.
    case reducing
    case halted
  }

  package var state: State
  package var isTradingOpen: Bool
  /// Signals are looked up before they may leave.
  package var isCareful: Bool
  package var waiting: Int
  package var inFlight: Int
  package var unknown: Int
  package var open: Int
  package var notFound: Int
  /// The exchange's clock minus ours; `nil` before it was read.
  package var clockOffsetMilliseconds: Int64?
  package var clockError: Duration?
  package var usage: RateUsage
  /// What may be used of the exchange's pools.
  package var usageLimits: RateUsage
  /// Orders that count against the most that may be open.
  package var liveOrders: Int
  package var ordersOfMinute: Int
  package var dailyQuote: FixedDecimal?
}

extension Engine {
  package mutating func status(at now: Moment) -> EngineStatus {
    var count: [OrderStatus: Int] = [:]
    var isReducing = false
    for live in orders.all {
      count[live.order.status, default: 0] += 1
      if live.order.cancelRequested || live.order.status.isWorking && live.cancelOutstanding {
        isReducing = true
      }
    }
    let state: EngineStatus.State = halt == nil ? .active : (isReducing ? .reducing : .halted)
    return EngineStatus(
      state: state, isTradingOpen: isTradingOpen, isCareful: careful != nil,
      waiting: count[.new] ?? 0,
      inFlight: (count[.submitted] ?? 0) + (count[.unknown] ?? 0), unknown: count[.unknown] ?? 0,
      open: (count[.open] ?? 0) + (count[.partiallyFilled] ?? 0), notFound: count[.notFound] ?? 0,
      clockOffsetMilliseconds: clock?.offsetMilliseconds(at: now), clockError: clock?.error,
      usage: limiter.usage(at: now.monotonic), usageLimits: limiter.limits,
      liveOrders: orders.count, ordersOfMinute: risk.ordersOfMinute(at: now.monotonic),
      dailyQuote: risk.dailyQuote(at: now.monotonic))
  }

  /// A placement is on the wire and its answer is out.
  package var hasPlacementOutstanding: Bool {
    outstanding.values.contains { request in
      if case .place = request.purpose { true } else { false }
    }
  }

  /// Orders that are not at their end, oldest first.
  package var liveOrders: [Order] { orders.all.map(\.order) }

  package func liveOrder(_ key: OrderKey) -> Order? { orders[key]?.order }
}
