import Domain
import Execution

/// The limits of the account, reckoned from what the orders ask for and never from what the daemon says
/// that it holds for them.
struct CapsCheck {
  private let world: World
  private let shadow: Shadow
  private let risk: EngineConfiguration.Risk
  private let departures: UnseenDepartures

  init(_ oracle: Oracle) {
    world = oracle.world
    shadow = oracle.shadow
    risk = oracle.configuration.risk
    departures = oracle.departures
  }

  /// The limits on money, when an order may leave from now on.
  func checkQuotes(of order: Order) {
    if let worth = order.worth, let most = risk.maximumOrderQuote, worth > most {
      world.fail(
        .capsHold, order.request.clientOrderID.text,
        "it is worth \(worth), and an order may be worth \(most)")
    }
    guard let most = risk.maximumDailyQuote else { return }
    var sum = FixedDecimal.zero
    for held in shadow.orders.values where held.status.countsAsExposure {
      sum = sum.adding(held.worth ?? .zero) ?? sum
    }
    if sum > most { world.fail(.capsHold, "", "\(sum) a day is more than \(most)") }
  }

  /// The limits on numbers, when an order is taken. What an earlier run may have sent is taken whatever
  /// they say.
  func checkCounts(with order: Order) {
    let name = order.request.clientOrderID.text
    guard isTaken(order), !departures.mayInclude(name) else { return }
    let open = shadow.orders.values.count { $0.mayStillLeaveOrWork && isTaken($0) }
    if open > risk.maximumOpenOrders {
      world.fail(
        .capsHold, name, "with it \(open) orders are open, and \(risk.maximumOpenOrders) may be")
    }
    // A start reckons an order's age by the clock, which somebody may have set since.
    guard world.clockSteps == 0 else { return }
    let since = order.createdAt.advanced(by: .zero - Self.limitedMinute)
    let young = shadow.orders.values.count { $0.status.countsAsExposure && $0.createdAt > since }
    if young > risk.maximumOrdersPerMinute {
      world.fail(
        .capsHold, name,
        "it is number \(young) of a minute, and \(risk.maximumOrdersPerMinute) may be")
    }
  }

  /// A start knows whole milliseconds only.
  private static let limitedMinute: Duration = .milliseconds(59_990)

  /// Its signal was not refused when it came.
  private func isTaken(_ order: Order) -> Bool {
    shadow.signals[order.key.signal]?.decision == .accepted
  }
}

extension Order {
  /// In quote, rounded down, at the price that it names or was judged by; `nil` while there is none.
  fileprivate var worth: FixedDecimal? {
    switch request.amount {
    case .quote(let quote): quote
    case .base(let quantity):
      (request.price ?? quote?.price).flatMap { quantity.multiplied(by: $0, rounding: .down) }
    }
  }

  fileprivate var mayStillLeaveOrWork: Bool {
    switch status {
    case .new, .submitted, .open, .partiallyFilled, .unknown: true
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .notFound, .denied,
      .validated:
      false
    }
  }
}
