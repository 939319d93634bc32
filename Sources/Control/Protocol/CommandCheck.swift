import Domain
import Platform
import Store

extension OperatorCommand {
  /// Why the records leave the command nothing to act on; `nil` when the engine has to judge.
  func refusal(by store: StoreReader) throws(StoreError) -> ControlFailure? {
    switch self {
    case .halt, .resume, .endCarefulStart, .cancelAll: nil
    case .cancel(let id): try Self.refusal(to: "cancel", id, in: store)
    case .resolvePlaced(let id, _), .resolveNotPlaced(let id):
      try Self.refusal(to: "resolve", id, in: store)
    }
  }

  /// The engine has every order that is not at its end, and the refused ones that are watched for.
  private static func refusal(
    to verb: String, _ id: SignalID, in store: StoreReader
  ) throws(StoreError) -> ControlFailure? {
    guard let signal = try store.signal(id) else {
      guard try store.compactedSignal(id) != nil else { return .unknownSignal(id) }
      return ControlFailure(
        code: .refused, message: "the story of signal \(id) is over, and its history was removed")
    }
    guard let order = try store.order(OrderKey(signal: id)) else {
      let message =
        "signal \(id) was refused (\(signal.decision.rawValue)) and has no order: "
        + signal.message
      return ControlFailure(code: .refused, message: message)
    }
    if !order.status.isTerminal { return nil }
    if order.status == .rejected, try store.watchedRefusals().contains(order.key) { return nil }
    return ControlFailure(
      code: .refused, message: "there is nothing to \(verb): \(end(of: order))")
  }

  /// How the order of a signal ended.
  private static func end(of order: Order) -> String {
    let reason = order.status.told(order.reason)
    var text = "the order of signal \(order.key.signal) is \(order.status.words)"
    if let average = order.averagePrice {
      text += ": \(order.executedQuantity) executed at \(average) on average"
    } else if !reason.isEmpty {
      text += ": \(reason)"
    }
    return text
  }
}

extension ControlFailure {
  /// Of a list that was to begin behind it.
  static func notListed(_ kind: String, _ id: SignalID) -> ControlFailure {
    ControlFailure(
      code: .notFound,
      message: "no \(kind) with the id \(id) is on record, so nothing can be listed from before it")
  }

  static let tooFarToLook = ControlFailure(
    code: .refused,
    message: "what the list asks for is so rare that the daemon would have to look through too "
      + "much of its history, and no order could leave meanwhile; narrow it with --since, or ask on "
      + "this machine as a user who may read the database (store.path)")

  static func unknownSignal(_ id: SignalID) -> ControlFailure {
    ControlFailure(
      code: .notFound,
      message: "no signal with the id \(id) was ever taken; 'mexc-signalctl signals' lists them, "
        + "and what was no readable signal is not kept")
  }
}
