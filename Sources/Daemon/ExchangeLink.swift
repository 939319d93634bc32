package import Domain
package import Execution
package import MEXC
import Platform
package import SimulatedExchange
import Transport

/// The way to the exchange: requests out, answers back as inputs. In paper mode the public requests
/// go to the real exchange, and everything private is answered by the simulated one in this process.
package final class ExchangeLink: Dispatching {
  private let client: any RequestCarrier
  private var venue: MEXCSpot
  private let paper: PaperExchange?
  private let now: () -> Moment
  private let deliver: (RequestID, ExchangeAnswer) -> Void
  private var isClosed = false
  private var paperOrders: [Order]

  /// `openOrders` are what an earlier run placed on paper; the simulated exchange gets them back once
  /// it has learned their symbols' rules.
  package init(
    client: any RequestCarrier, venue: MEXCSpot, paper: PaperExchange?, openOrders: [Order],
    now: @escaping () -> Moment, deliver: @escaping (RequestID, ExchangeAnswer) -> Void
  ) {
    self.client = client
    self.venue = venue
    self.paper = paper
    self.now = now
    self.deliver = deliver
    paperOrders = paper == nil ? [] : openOrders.filter { $0.status.isWorking }
  }

  package func start() { client.start() }

  /// Answers that are out are not delivered any more.
  package func close() {
    isClosed = true
    client.close()
  }

  package func send(_ dispatch: Dispatch) {
    if let paper, dispatch.request.isPrivate {
      return deliver(dispatch.id, paper.answer(dispatch.request, at: now()))
    }
    guard
      let request = venue.httpRequest(for: dispatch.request, stampedAt: dispatch.stampedAt)
    else { return deliver(dispatch.id, .failed(.notSent("there are no credentials to sign with"))) }
    let kind: HTTPClient.Kind = dispatch.isPlacement ? .once : .ordinary
    client.send(request, kind, before: dispatch.sendBefore) { [weak self] result in
      self?.take(result, to: dispatch)
    }
  }

  private func take(_ result: Result<HTTPResponse, TransportError>, to dispatch: Dispatch) {
    if isClosed { return }
    // The earliest that the exchange's time can be: a wait that ends at a date must not end early.
    let earliest = dispatch.stampedAt.advanced(by: .zero - ExchangeClock.tolerableError)
    let answer = venue.answer(to: dispatch.request, result, now: earliest)
    teach(answer)
    deliver(dispatch.id, answer)
    // What waits for a connection would leave into the silence that was just demanded.
    if answer.demandsSilence { client.withdrawWaiting() }
  }

  /// The simulated exchange lives on what the real one says in public.
  private func teach(_ answer: ExchangeAnswer) {
    guard let paper else { return }
    switch answer {
    case .instruments(let instruments, _):
      paper.learn(instruments)
      restorePaperOrders(of: instruments.map(\.symbol))
    case .prices(let prices): paper.learn(prices, at: now())
    case .serverTime, .tradableSymbols, .placed, .validated, .order, .orderMissing, .orders,
      .trades, .cancelTaken, .failed:
      break
    }
  }
}

extension ExchangeLink {
  private func restorePaperOrders(of symbols: [Symbol]) {
    let known = paperOrders.filter { symbols.contains($0.ticket.symbol) }
    paperOrders.removeAll { symbols.contains($0.ticket.symbol) }
    for order in known {
      guard let orderID = order.orderID else { continue }
      paper?.restore(
        order.ticket, orderID: orderID, executedQuantity: order.executedQuantity,
        executedQuote: order.executedQuote, acceptedAt: order.stampedAt ?? order.createdAt,
        at: now())
    }
  }
}

extension ExchangeAnswer {
  fileprivate var demandsSilence: Bool {
    switch self {
    case .failed(.throttled), .failed(.blocked): true
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .order,
      .orderMissing, .orders, .trades, .cancelTaken, .failed:
      false
    }
  }
}

extension ExchangeRequest {
  /// Whether it concerns an account.
  fileprivate var isPrivate: Bool {
    switch self {
    case .serverTime, .instruments, .prices: false
    case .tradableSymbols, .place, .validate, .order, .openOrders, .recentOrders, .trades, .cancel:
      true
    }
  }
}
