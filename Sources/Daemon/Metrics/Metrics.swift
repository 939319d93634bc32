package import Domain
import Execution

/// What the daemon counts while it trades, since its start. It belongs to the loop's thread; whoever
/// counts adds a number to a table that is there, and asks for no memory.
package final class Metrics {
  package private(set) var counts = MetricCounts()
  /// When the signals were read whose orders have not left yet.
  private var arrivals: [ClientOrderID: MonotonicTime] = [:]

  package init() {}

  // MARK: Signals

  /// A signal was read, and the engine gets it next.
  func arrived(_ id: ClientOrderID, at now: MonotonicTime) {
    if arrivals[id] == nil { arrivals[id] = now }
  }

  /// The sender of a line or a file is answered.
  func answered(_ answer: SignalAnswer) {
    counts.signals[answer.code, default: 0] += 1
  }

  /// Nothing will leave for it.
  func forget(_ id: ClientOrderID) {
    arrivals[id] = nil
  }

  /// The signal's story is over.
  func settled(_ outcome: Outcome) {
    forget(outcome.order.request.clientOrderID)
    if outcome.replacesEarlier { return }
    counts.settledSignals[outcome.code, default: 0] += 1
    counts.settledOrders[outcome.order.status, default: 0] += 1
  }

  // MARK: The way to the exchange

  /// A request is handed to a connection.
  func leaves(_ request: ExchangeRequest, at now: MonotonicTime) {
    switch request {
    case .place(let orders): for order in orders { left(order.clientOrderID, at: now) }
    case .validate(let order): left(order.clientOrderID, at: now)
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      break
    }
  }

  private func left(_ id: ClientOrderID, at now: MonotonicTime) {
    guard let arrival = arrivals.removeValue(forKey: id) else { return }
    counts.intakeToWire.add(now.since(arrival))
  }

  /// The exchange has answered a placement.
  func placementAnswered(after time: Duration) {
    counts.wireToAnswer.add(time)
  }

  /// The notify command has ended.
  func notified(_ isTold: Bool) {
    if isTold { counts.notified += 1 } else { counts.notifyFailures += 1 }
  }

  func committed(in time: Duration) {
    counts.commits.add(time)
  }
}

/// The numbers themselves, to be handed to another thread.
package struct MetricCounts: Sendable {
  package var signals: [DecisionCode: Int] = [:]
  package var settledSignals: [DecisionCode: Int] = [:]
  package var settledOrders: [OrderStatus: Int] = [:]
  package var intakeToWire = LatencyHistogram()
  package var wireToAnswer = LatencyHistogram()
  package var commits = LatencyHistogram()
  package var notified = 0
  package var notifyFailures = 0

  package init() {}
}
