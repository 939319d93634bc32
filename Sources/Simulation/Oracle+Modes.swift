import Domain
import Execution
import Store

/// The modes are kept apart: a run touches the orders of its own mode and no other.
extension Oracle {
  /// Before the turn counts as committed.
  func checkModes(_ turn: [StoreWrite], of mode: TradingMode) {
    for write in turn {
      guard case .putOrder(let order) = write else { continue }
      let made = modes[order.key] ?? mode
      modes[order.key] = made
      if made != mode {
        world.fail(
          .modesStayApart, order.request.clientOrderID.text,
          "made in mode \(made.rawValue), and changed by a run in mode \(mode.rawValue): it is "
            + order.status.rawValue)
      }
    }
  }

  /// A start was judged, and nothing has been sent.
  func startWasJudged(_ mode: TradingMode, refusal: String?) {
    let isOwn = mode == configuration.mode
    // A turn whose sync failed may stand in the database.
    let isInUse = (Array(shadow.orders.values) + ordersOfLostTurn).contains {
      $0.attempt > 0 || $0.orderID != nil || $0.status == .new
    }
    if let refusal {
      world.note("start refused", mode.rawValue, refusal)
      if isOwn || !isInUse { world.fail(.modesStayApart, "", "mode \(mode.rawValue): \(refusal)") }
    } else {
      world.note("start allowed", mode.rawValue)
    }
  }
}
