import Domain
import Matching
import Store

/// What was told to others, and what a recovery brings back.
extension Oracle {
  // MARK: Told

  /// A line or a report went out.
  func replied(_ status: String, _ code: String, to id: SignalID) {
    switch status {
    case "accepted", "duplicate": promise(id)
    case "rejected":
      // What was judged by its content or by limits is remembered; what is no signal is not, and neither
      // is, for sure, what the disk did not take.
      let isTaken = shadow.signals[id] != nil && code != "storage_unavailable"
      if code == "conflicting_duplicate" || isTaken { promise(id) }
    default: break
    }
  }

  /// Of a line: whoever is told that it was not taken sends it again, elsewhere perhaps.
  func saidNotTaken(_ id: SignalID, sentBefore: Int) {
    guard timesSent(id) > sentBefore else { return }
    world.fail(.oneDispositionEach, id.text, "it was refused as not taken, and its order has left")
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
    if settleMaybe(store) {
      world.note("recovered", "", "with the last turn")
    } else {
      settleLost(store)
    }
    readAgain = Set(state.unrecorded.map { name(of: $0.id) })
    departures.readAgain(readAgain)
    for stored in state.live where shadow.orders[stored.order.key] != stored.order {
      fail(stored.order.key, "it was recovered as \(stored.order.status.rawValue)")
    }
    let live = Set(state.live.map(\.order.key))
    for (key, order) in shadow.orders where !order.status.isTerminal && !live.contains(key) {
      fail(key, "it was \(order.status.rawValue), and the recovery has lost it")
    }
    if state.halt != shadow.halt { fail(nil, "the halt is not what was committed") }
    if (state.ban?.until) != (shadow.ban?.until) {
      fail(nil, "the back-off is not what was committed")
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
}
