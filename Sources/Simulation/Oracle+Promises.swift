import Domain
import SimulatedExchange
import Store

/// What was told to others, what a recovery brings back, and what must be true in the end.
extension Oracle {
  // MARK: Told

  /// A line or a report went out.
  func replied(_ status: String, _ code: String, to id: SignalID) {
    switch status {
    case "accepted", "duplicate": promise(id)
    case "rejected":
      // What was judged by its content or by limits is remembered; what is no signal is not.
      if code == "conflicting_duplicate" || shadow.signals[id] != nil { promise(id) }
    default: break
    }
  }

  private func promise(_ id: SignalID) {
    acknowledge(id)
    if shadow.signals[id] == nil {
      world.fail(.acknowledgedIsDurable, id.text, "it was acknowledged and is not durable")
    }
  }

  /// A file leaves its folder: whatever it said is remembered, or it is no signal.
  func filesMoves(_ file: SimulatedSpool.File?, to folder: SimulatedSpool.Folder) {
    guard let file, let id = file.signalID else { return }
    switch folder {
    case .active, .done: promise(id)
    case .incoming, .rejected: break
    }
  }

  // MARK: Recovered

  func recovered(_ state: StoredState, from store: WatchedStore) {
    if settleMaybe(store) { world.note("recovered", "", "with the last turn") }
    for stored in state.live where shadow.orders[stored.order.key] != stored.order {
      fail(stored.order.key, "it was recovered as \(stored.order.status.rawValue)")
    }
    let live = Set(state.live.map(\.order.key))
    for (key, order) in shadow.orders where !order.status.isTerminal && !live.contains(key) {
      fail(key, "it was \(order.status.rawValue), and the recovery has lost it")
    }
    if state.halt != shadow.halt { fail(nil, "the halt is not what was committed") }
    if (state.ban?.until) != (shadow.ban?.until) {
      fail(nil, "the silence is not what was committed")
    }
  }

  private func fail(_ key: OrderKey?, _ text: String) {
    world.fail(.acknowledgedIsDurable, key?.signal.text ?? "", text)
  }

  /// Every signal and order is as it was committed.
  func compareWhole(_ store: WatchedStore) {
    do {
      for id in shadow.signals.keys.sorted() where try store.storedSignal(id) != shadow.signals[id]
      {
        fail(OrderKey(signal: id), "the record of the signal is not what was committed")
      }
      for key in shadow.orders.keys.sorted() where try store.storedOrder(key) != shadow.orders[key]
      {
        fail(key, "the record of the order is not what was committed")
      }
    } catch { world.fail(.historyIsState, "", "\(error)") }
  }

  // MARK: In the end

  /// With the faults gone for long enough, everything must have come to rest.
  func checkEnd(_ network: SimulatedNetwork, _ spool: SimulatedSpool, _ hurt: Set<Int>) {
    for key in shadow.orders.keys.sorted() {
      guard let order = shadow.orders[key] else { continue }
      switch order.status {
      case .new, .submitted, .unknown:
        world.fail(
          .nothingInFlightForEver, order.ticket.clientOrderID.text,
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

  private func checkFound(_ found: SimulatedOrder) {
    let name = found.clientOrderID ?? ""
    guard let order = shadow.order(named: name)
    else { return world.fail(.oursIsKnown, name, "nobody knows the order \(found.orderID)") }
    let isSame =
      order.orderID == found.orderID
      && order.executedQuantity == found.executedQuantity
      && order.status.rawValue == found.status.rawValue.lowercased().replacingNew
    if !isSame {
      world.fail(
        .truthIsFound, name,
        "the exchange says \(found.status.rawValue), \(found.executedQuantity) executed; the record "
          + "says \(order.status.rawValue), \(order.executedQuantity)")
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

extension String {
  fileprivate var replacingNew: String { self == "new" ? "open" : self }
}
