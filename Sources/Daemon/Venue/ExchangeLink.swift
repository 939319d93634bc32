package import Domain
package import Execution
import Platform
import Transport

/// The way to the exchange: requests out through the venue, answers and what is pushed back as inputs.
package final class ExchangeLink: Dispatching {
  /// Makes requests with one API key and reads their answers. A request that is out keeps its own.
  private final class Signer {
    var venue: any Venue
    let heard: (ExchangeAnswer) -> Void

    init(_ venue: any Venue, _ heard: @escaping (ExchangeAnswer) -> Void) {
      self.venue = venue
      self.heard = heard
    }
  }

  private let client: any RequestCarrier
  private var signer: Signer
  private let now: () -> Moment
  private let deliver: (Input) -> Void
  private let streams: (any VenueStreams)?
  private let metrics: Metrics?
  private var isClosed = false

  /// `heard` is told each answer before it is delivered.
  package init(
    client: any RequestCarrier, venue: any Venue, streams: (any VenueStreams)? = nil,
    now: @escaping () -> Moment, metrics: Metrics? = nil,
    heard: @escaping (ExchangeAnswer) -> Void = { _ in }, deliver: @escaping (Input) -> Void
  ) {
    self.client = client
    signer = Signer(venue, heard)
    self.streams = streams
    self.now = now
    self.metrics = metrics
    self.deliver = deliver
    streams?.onInput = { [weak self] input in self?.take(input) }
  }

  /// Requests are made by `venue` from now on; those that are out end with the one that made them.
  package func change(to venue: any Venue, heard: @escaping (ExchangeAnswer) -> Void) {
    signer = Signer(venue, heard)
  }

  package func start() { client.start() }

  /// Answers that are out are not delivered any more.
  package func close() {
    isClosed = true
    streams?.close()
    client.close()
  }

  package func send(_ dispatch: Dispatch) {
    let signer = signer
    switch signer.venue.begin(dispatch.request, stampedAt: dispatch.stampedAt, now: now()) {
    case .answered(let answer): tell(answer, to: dispatch, of: signer)
    case .send(let request):
      let kind: HTTPClient.Kind =
        switch dispatch.delivery {
        case .once: .once
        case .ordinary: .ordinary
        case .proof: .proof
        case .urgent: .urgent
        }
      let sentAt = now().monotonic
      client.send(request, kind, before: dispatch.sendBefore) { [weak self] result in
        self?.take(result, to: dispatch, of: signer, sentAt: sentAt)
      }
      metrics?.leaves(dispatch.request, at: sentAt)
    }
  }

  package func watchPrices(_ symbols: Set<Symbol>) { streams?.watchPrices(symbols) }

  package func connectAccountStream() {
    if let target = signer.venue.accountStreamTarget { streams?.connectAccount(at: target) }
  }

  package func withdrawUnsent(_ withdrawal: Withdrawal) {
    client.withdrawWaiting(withdrawal.isOfOrders ? .once : nil)
  }

  /// What the streams tell.
  private func take(_ input: Input) {
    if case .price(let symbol, let price) = input { signer.venue.learn(symbol, price, now: now()) }
    deliver(input)
  }

  private func take(
    _ result: Result<HTTPResponse, TransportError>, to dispatch: Dispatch, of signer: Signer,
    sentAt: MonotonicTime
  ) {
    if isClosed { return }
    if case .success = result, dispatch.isPlacement {
      metrics?.placementAnswered(after: now().monotonic.since(sentAt))
    }
    let tolerance = signer.venue.traits.tolerableClockError
    let answer = signer.venue.answer(
      to: dispatch.request, result, earliest: dispatch.stampedAt.advanced(by: .zero - tolerance),
      now: now())
    tell(answer, to: dispatch, of: signer)
  }

  private func tell(_ answer: ExchangeAnswer, to dispatch: Dispatch, of signer: Signer) {
    signer.heard(answer)
    deliver(.answer(dispatch.id, answer))
  }
}
