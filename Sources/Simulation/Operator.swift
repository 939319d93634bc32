import Domain
import Execution
import Matching

/// The operator: halts, resumes, cancels and resolves, and restarts in another mode, at any time.
final class OperatorHand {
  private let world: World
  private let process: () -> SimulatedProcess?
  private let oracle: Oracle
  private let otherModes: OtherModes

  init(
    _ world: World, _ oracle: Oracle, _ otherModes: OtherModes,
    process: @escaping () -> SimulatedProcess?
  ) {
    self.world = world
    self.oracle = oracle
    self.otherModes = otherModes
    self.process = process
  }

  /// A chance every half second.
  func begin() { world.plan(in: second / 2) { [weak self] in self?.look() } }

  private func look() {
    if world.happens(.commands) { act() }
    if world.happens(.clockStep) {
      let step = Int64(world.below(7_200_001, for: .clockStep)) - 3_600_000
      world.note("clock steps", "", "\(step) ms")
      world.stepClock(by: step)
    }
    if world.happens(.modeChange) {
      otherModes.want()
      process()?.stop()
    }
    if world.faultsAreOn { begin() }
  }

  private func act() {
    let draw = world.below(8, for: .commands)
    let ids = oracle.shadow.orders.keys.map(\.signal).sorted()
    let id = ids.isEmpty ? nil : ids[world.below(ids.count, for: .commands)]
    let command: OperatorCommand
    switch (draw, id) {
    case (0, _):
      let choice = world.below(4, for: .commands)
      command = .halt(
        reason: "by hand", cancel: choice % 2 == 0, scope: choice < 2 ? .all : .buys)
    case (1, _), (2, _): command = .resume
    case (3, _): command = .cancelAll
    case (4, let id?), (5, let id?): command = .cancel(id)
    case (6, let id?): command = confirmation(of: id)
    case (7, let id?): command = closing(of: id)
    default: command = .resume
    }
    process()?.command(command)
  }

  /// The operator's word is taken where the exchange cannot be asked, so it has to be true there.
  private func confirmation(of id: SignalID) -> OperatorCommand {
    let order = oracle.shadow.orders[OrderKey(signal: id)]
    if let truth = order.flatMap({ oracle.truth(of: $0) }) {
      return .resolvePlaced(id, orderID: truth.orderID)
    }
    return order?.status == .unknown ? .resume : .resolvePlaced(id, orderID: "C02__nobody")
  }

  /// Of an order that was refused or is still to be sent the word may end every look.
  private func closing(of id: SignalID) -> OperatorCommand {
    let mayBeThere = mayBeThere(id)
    return switch oracle.shadow.orders[OrderKey(signal: id)]?.status {
    case .new where mayBeThere, .rejected where mayBeThere, .open, .partiallyFilled: .cancel(id)
    case .new, .rejected, .submitted, .filled, .canceled, .partiallyCanceled, .expired, .unknown,
      .notFound, .denied, .validated, nil:
      .resolveNotPlaced(id)
    }
  }

  /// Whether the exchange has it, or a copy of it may be on its way there.
  private func mayBeThere(_ id: SignalID) -> Bool {
    guard let intent = oracle.intents[oracle.name(of: id)] else { return false }
    return !intent.accepted.isEmpty || intent.written > intent.refused
  }
}
