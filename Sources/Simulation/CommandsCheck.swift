import Domain

/// What the operator is told is done, is on record by then.
struct CommandsCheck {
  private let world: World
  private let shadow: Shadow
  private let canceled: Set<OrderKey>

  init(_ oracle: Oracle) {
    world = oracle.world
    shadow = oracle.shadow
    canceled = oracle.canceled
  }

  func answered(_ command: OperatorCommand, _ answer: CommandAnswer) {
    guard answer.ok else { return }
    switch command {
    case .halt(_, let cancels, let scope):
      // Nothing but a command lifts a halt, and commands come one by one.
      let isKept = scope == .buys ? shadow.halt != nil : shadow.halt?.scope == .all
      if !isKept { undone("halt", "", "no such halt is on record") }
      if cancels { checkAllCancels() }
    case .cancel(let id):
      let key = OrderKey(signal: id)
      if !isCancelAsked(key) { undone("cancel", id.text, "no such wish is on record") }
    case .cancelAll: checkAllCancels()
    case .resume, .endCarefulStart, .resolvePlaced, .resolveNotPlaced: break
    }
  }

  /// An order that is at work was known when the command came.
  private func checkAllCancels() {
    for key in shadow.orders.keys.sorted() where shadow.orders[key]?.status.isWorking == true {
      if !isCancelAsked(key) { undone("cancel", key.signal.text, "it was left out") }
    }
  }

  /// A definite answer to a cancel ends the wish.
  private func isCancelAsked(_ key: OrderKey) -> Bool {
    shadow.orders[key]?.cancelRequested == true || canceled.contains(key)
  }

  private func undone(_ command: String, _ subject: String, _ why: String) {
    world.fail(.commandsAreDone, subject, "the operator was told that a \(command) is done: \(why)")
  }
}
