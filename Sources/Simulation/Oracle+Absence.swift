import Domain
import Execution
import Matching

/// When an order may be declared not found.
extension Oracle {
  /// An order that provably has not left is still to be sent. It is in doubt only where it may have left
  /// without a record of it, or where the exchange told of it.
  func checkIsInDoubt(_ former: Order) {
    let name = former.request.clientOrderID.text
    guard configuration.mode == .live, former.status == .new, !departures.mayInclude(name),
      truth(of: former) == nil
    else { return }
    world.fail(
      .unsentIsNotGivenUp, name,
      "declared not found after \(former.attempt) attempts, and it was still to be sent: "
        + former.reason)
  }

  func checkAbsence(_ order: Order) {
    // On paper there is no view of the exchange.
    if configuration.mode == .paper { return }
    // The operator's word takes the place of the proof.
    if order.reason.hasPrefix("the operator says") { return }
    let name = order.request.clientOrderID.text
    let lead = configuration.venue.stampLead
    guard let deadline = order.acceptanceDeadline(lead: lead) else { return }
    let conclusive = deadline.advanced(by: world.dials.settleTime)
    let there = world.trueWall.advanced(by: world.dials.exchangeOffset)
    if there.advanced(by: .milliseconds(5)) < conclusive {
      return world.fail(
        .absenceIsProved, name, "declared not found \(conclusive.since(there)) too early")
    }
    let earliest = world.time - there.since(conclusive).wholeNanoseconds - 5 * millisecond
    let symbol = order.request.symbol.text
    for view in [
      "/api/v3/order \(name)", "/api/v3/openOrders \(symbol)", "/api/v3/allOrders \(symbol)",
      "/api/v3/myTrades \(symbol)",
    ] where views.lastSent(view) < earliest {
      world.fail(.absenceIsProved, name, "declared not found without a no of \(view)")
    }
  }
}
