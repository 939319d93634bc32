package import Domain
package import Execution
import Platform
import Transport

/// The way to the exchange: requests out through the venue, answers and what is pushed back as inputs.
package final class ExchangeLink: Dispatching {
  private let client: any RequestCarrier
  private var venue: any Venue
  private let now: () -> Moment
  private let deliver: (Input) -> Void
  private let streams: (any VenueStreams)?
  private var isClosed = false

  package init(
    client: any RequestCarrier, venue: any Venue, streams: (any VenueStreams)? = nil,
    now: @escaping () -> Moment, deliver: @escaping (Input) -> Void
  ) {
    self.client = client
    self.venue = venue
    self.streams = streams
    self.now = now
    self.deliver = deliver
    streams?.onInput = { [weak self] input in self?.take(input) }
  }

  package func start() { client.start() }

  /// Answers that are out are not delivered any more.
  package func close() {
    isClosed = true
    streams?.close()
    client.close()
  }

  package func send(_ dispatch: Dispatch) {
    switch venue.begin(dispatch.request, stampedAt: dispatch.stampedAt, now: now()) {
    case .answered(let answer): deliver(.answer(dispatch.id, answer))
    case .send(let request):
      let kind: HTTPClient.Kind =
        switch dispatch.delivery {
        case .once: .once
        case .ordinary: .ordinary
        }
      client.send(request, kind, before: dispatch.sendBefore) { [weak self] result in
        self?.take(result, to: dispatch)
      }
    }
  }

  package func watchPrices(_ symbols: Set<Symbol>) { streams?.watchPrices(symbols) }

  package func connectAccountStream() {
    if let target = venue.accountStreamTarget { streams?.connectAccount(at: target) }
  }

  package func withdrawUnsent() { client.withdrawWaiting() }

  /// What the streams tell.
  private func take(_ input: Input) {
    if case .price(let symbol, let price) = input { venue.learn(symbol, price, now: now()) }
    deliver(input)
  }

  private func take(_ result: Result<HTTPResponse, TransportError>, to dispatch: Dispatch) {
    if isClosed { return }
    let earliest = dispatch.stampedAt.advanced(by: .zero - venue.traits.tolerableClockError)
    let answer = venue.answer(to: dispatch.request, result, earliest: earliest, now: now())
    deliver(.answer(dispatch.id, answer))
  }
}
