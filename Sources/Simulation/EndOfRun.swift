import Domain
import Matching
import SimulatedExchange
import Store

/// What must be true in the end: with the faults gone for long enough, everything has come to rest.
struct EndOfRun {
  private let world: World
  private let shadow: Shadow
  private let acknowledged: Set<SignalID>

  init(_ oracle: Oracle) {
    world = oracle.world
    shadow = oracle.shadow
    acknowledged = oracle.acknowledged
  }

  func check(_ network: SimulatedNetwork, _ spool: SimulatedSpool, _ hurt: Set<Int>) {
    for key in shadow.orders.keys.sorted() {
      guard let order = shadow.orders[key] else { continue }
      switch order.status {
      case .new, .submitted, .unknown:
        world.fail(
          .nothingInFlightForEver, order.request.clientOrderID.text,
          "it is still \(order.status.rawValue)")
      case .open, .partiallyFilled, .filled, .canceled, .partiallyCanceled, .rejected, .expired,
        .notFound, .denied, .validated:
        break
      }
    }
    for found in network.face.exchange.orders { checkFound(found) }
    for id in acknowledged.sorted() where shadow.signals[id] == nil {
      world.fail(.acknowledgedIsDurable, id.text, "it was acknowledged and is gone")
    }
    checkFiles(spool, hurt)
  }

  /// An order that is followed or watched, and whose record the exchange is ahead of.
  func firstMissed(_ network: SimulatedNetwork) -> SimulatedOrder? {
    network.face.exchange.orders.first { found in
      guard let order = shadow.order(named: found.clientOrderID ?? ""),
        order.status.isWorking || order.status == .notFound
      else { return false }
      return !order.says(found)
    }
  }

  private func checkFound(_ found: SimulatedOrder) {
    let name = found.clientOrderID ?? ""
    guard let order = shadow.order(named: name)
    else { return world.fail(.oursIsKnown, name, "nobody knows the order \(found.orderID)") }
    if !order.says(found) {
      world.fail(
        .truthIsFound, name,
        "the exchange says \(found.status.rawValue), \(found.executed) executed; the record says "
          + "\(order.status.rawValue), \(order.executed)")
    }
  }

  private func checkFiles(_ spool: SimulatedSpool, _ hurt: Set<Int>) {
    for name in spool.names(in: .incoming) {
      world.fail(.oneDispositionEach, name, "the file still waits for a disposition")
    }
    for folder in [SimulatedSpool.Folder.active, .done] {
      for name in spool.names(in: folder) {
        guard let file = spool.file(.init(folder: folder, name: name)), let id = file.signalID,
          !hurt.contains(file.token)
        else { continue }
        guard shadow.signals[id] != nil else {
          world.fail(.oneDispositionEach, id.text, "its file was taken and nothing remembers it")
          continue
        }
        if folder == .active { checkActive(name, shadow.orders[OrderKey(signal: id)], spool) }
      }
    }
    for name in spool.statuses.keys.sorted()
    where spool.file(.init(folder: .active, name: name)) == nil {
      world.fail(.oneDispositionEach, name, "it is said to be in doubt, and is not there")
    }
  }

  private func checkActive(_ name: String, _ order: Order?, _ spool: SimulatedSpool) {
    guard let order, !order.status.isTerminal, !order.isClosedAsNotPlaced else {
      return world.fail(
        .oneDispositionEach, name, "its signal's story is over and the file still active")
    }
    if (spool.statuses[name] != nil) != (order.status == .notFound) {
      world.fail(
        .oneDispositionEach, name,
        "it is \(order.status.rawValue), and "
          + (spool.statuses[name] == nil ? "no doubt is told" : "a doubt is told"))
    }
  }
}

extension Order {
  fileprivate func says(_ found: SimulatedOrder) -> Bool {
    orderID == found.orderID && executedQuantity == found.executedQuantity
      && executedQuote == found.executedQuote
      && status.rawValue == found.status.rawValue.lowercased().replacingNew
  }
}

extension String {
  fileprivate var replacingNew: String { self == "new" ? "open" : self }
}
