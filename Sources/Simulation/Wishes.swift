import Domain
import Matching

/// What was asked for, as the senders meant it, whatever the program reads in their texts: by the name
/// that its order has at the exchange. An id that was used for several contents has several.
struct Wishes {
  private var signals: [String: [Signal]] = [:]
  /// When the first of them was handed over, by the machine's clock.
  private var beginnings: [String: WallTime] = [:]
  /// When the last of their lives ends, by the machine's clock.
  private var ends: [String: WallTime] = [:]

  mutating func delivered(_ signal: Signal, as name: String, at time: WallTime) {
    signals[name, default: []].append(signal)
    if beginnings[name] == nil { beginnings[name] = time }
    guard case .timeToLive(let life) = signal.expiry else { return }
    let end = (signal.createdAt ?? time).advanced(by: life)
    ends[name] = max(ends[name] ?? end, end)
  }

  /// In the order of their names.
  var all: [Signal] { signals.keys.sorted().flatMap { signals[$0] ?? [] } }

  func named(_ name: String) -> [Signal] { signals[name, default: []] }

  func beginning(of name: String) -> WallTime? { beginnings[name] }

  /// After that no order of the name may leave.
  func end(of name: String) -> WallTime? { ends[name] }

  /// Whether one of those that asked for such an order lets it leave at such a price of the market.
  func allow(
    _ order: OrderRequest, at price: FixedDecimal, within basisPoints: FixedDecimal
  ) -> Bool {
    let served = served(by: order)
    return served.isEmpty || served.contains { $0.isMade(for: price, within: basisPoints) }
  }

  /// Whether one of them asked for such an order of a listed symbol.
  func contain(_ order: OrderRequest) -> Bool {
    !served(by: order).isEmpty
  }

  private func served(by order: OrderRequest) -> [Signal] {
    guard let listing = SimulatedNetwork.listings.first(where: { $0.symbol == order.symbol })
    else { return [] }
    return named(order.clientOrderID.text).filter {
      order.serves($0, listing.rules)
    }
  }
}

extension Oracle {
  /// A signal was handed over, whatever becomes of it.
  func delivered(_ signal: Signal) {
    wishes.delivered(signal, as: name(of: signal.id), at: world.machineNow.wall)
  }

  func checkWish(_ order: SimulatedOrder) {
    if let request = order.request, wishes.contain(request) { return }
    world.fail(
      .ordersAreAsAsked, order.clientOrderID ?? "",
      "no signal of this id asked for what the exchange took: \(order.side.rawValue) "
        + "\(order.quantity) \(order.symbol), \(order.type.rawValue) at \(order.price)")
  }
}

extension SimulatedOrder {
  /// As it was asked for; `nil` for an order without a name.
  fileprivate var request: OrderRequest? {
    guard let name = clientOrderID.flatMap({ ClientOrderID($0) }) else { return nil }
    return OrderRequest(
      clientOrderID: name, symbol: symbol, side: side, type: type,
      amount: quoteAmount.map { .quote($0) } ?? .base(quantity),
      price: type.hasPrice ? price : nil)
  }
}

extension Signal {
  /// Whether the market's price is as near as that to the one that it was made for, if it names one.
  func isMade(for current: FixedDecimal, within basisPoints: FixedDecimal) -> Bool {
    guard let reference = referencePrice ?? price else { return true }
    guard let distance = current.subtracting(reference)?.magnitude,
      let found = distance.multiplied(by: FixedDecimal(10_000), rounding: .down),
      let most = reference.multiplied(by: basisPoints, rounding: .down)
    else { return false }
    return found <= most
  }
}

extension OrderRequest {
  /// The price is never moved, and an amount only rounded down to a step.
  fileprivate func serves(_ signal: Signal, _ rules: Instrument) -> Bool {
    guard symbol == signal.symbol, side == signal.side, type == signal.type,
      price == signal.price
    else { return false }
    return switch (amount, signal.amount) {
    case (.base(let quantity), .base(let asked)):
      asked.isRounded(to: quantity, by: rules.stepSize)
    case (.quote(let quote), .quote(let asked)): asked.isRounded(to: quote, by: rules.quoteStep)
    case (.base(let quantity), .quote(let asked)):
      price.flatMap { asked.divided(by: $0, rounding: .down) }
        .map { $0.isRounded(to: quantity, by: rules.stepSize) } ?? false
    case (.quote, .base): false
    }
  }
}

extension FixedDecimal {
  /// Whether the other one is this one less what does not make a step.
  fileprivate func isRounded(to other: FixedDecimal, by step: FixedDecimal) -> Bool {
    guard let rest = subtracting(other) else { return false }
    return rest >= .zero && rest < step
  }
}
