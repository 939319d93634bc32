import Domain

@testable import Execution

/// A moment of both clocks, so long after the beginning of a test.
func moment(_ offset: Duration = .zero) -> Moment {
  Moment(
    wall: WallTime(milliseconds: 1_700_000_000_000),
    monotonic: MonotonicTime(nanoseconds: 5_000_000_000_000)
  ).advanced(by: offset)
}

func monotonic(_ offset: Duration) -> MonotonicTime { moment(offset).monotonic }

func request(_ id: String, _ symbol: Symbol = btc) -> OrderRequest {
  OrderRequest(
    clientOrderID: clientOrderID(of: signalID(id)), symbol: symbol, side: .buy, type: .limit,
    amount: .base(decimal("1")), price: decimal("100"))
}

func order(_ id: String, _ symbol: Symbol = btc, leg: Int = 0) -> Order {
  Order(
    key: OrderKey(signal: signalID(id), leg: leg), account: account, request: request(id, symbol),
    reservedQuote: decimal("100"), at: moment().wall)
}

/// An order that was accepted as the `number`th and lives for `life`.
func orderLife(
  _ number: Int, _ id: String, _ symbol: Symbol = btc, lives life: Duration = .seconds(60),
  clocksApart: Duration = .zero, from source: String? = nil,
  in phase: OrderLife.Phase = .waiting(Waiting())
) -> OrderLife {
  var signal = limit(id, symbol)
  signal.source = source
  return OrderLife(
    number: number, signal: signal,
    expiry: Expiry(wall: moment(life).wall, monotonic: monotonic(life + clocksApart)),
    order: order(id, symbol), phase: phase)
}

/// What the exchange says of the order that `order` makes.
func report(
  _ id: String, _ status: OrderReport.Status, filled: String = "0", orderID: String = "E1"
) -> OrderReport {
  OrderReport(
    orderID: orderID, clientOrderID: clientOrderID(of: signalID(id)).text, symbol: btc, side: .buy,
    type: .limit, price: decimal("100"), quantity: decimal("1"),
    executedQuantity: decimal(filled), executedQuote: decimal(filled), status: status)
}

let quote = Quote(price: decimal("100"), askedAt: moment().wall)

let armed = OrderEvent.armed(
  OrderEvent.Armament(
    attempt: 1, stampedAt: moment().wall, receiveWindow: .seconds(5), quote: quote))

extension OrderLife {
  /// The same order after these events.
  func after(_ events: [OrderEvent], at now: Moment = moment()) throws -> OrderLife {
    var life = self
    for event in events { try life.fold(event, at: now) }
    return life
  }
}

extension Reaction {
  var sent: [Dispatch] {
    effects.compactMap { if case .send(let dispatch) = $0 { dispatch } else { nil } }
  }

  var writes: [StoreWrite] {
    effects.compactMap { if case .write(let write) = $0 { write } else { nil } }
  }

  var logs: [LogEntry] {
    effects.compactMap { if case .log(let entry) = $0 { entry } else { nil } }
  }

  var doubts: [(signal: SignalID, doubt: Doubt?)] {
    effects.compactMap { if case .doubt(let id, let doubt) = $0 { (id, doubt) } else { nil } }
  }

  var withdrawals: [String] {
    effects.compactMap { if case .withdrawUnsent(let what) = $0 { what.reason } else { nil } }
  }
}
