package import Domain
package import Execution
package import MEXC

/// The streams of MEXC's spot market: the prices that are watched, and the account's orders.
package final class ExchangeStreams: VenueStreams {
  package var onInput: ((Input) -> Void)?
  package var priceSource: () -> PriceSource = { .auto }

  private let line: StreamLine
  private let interval: StreamChannel.Interval
  private let now: () -> Moment
  private lazy var market = MarketStream(
    of: MEXCSpot.spotTraits.name, line: line, interval: interval,
    source: { [weak self] in self?.priceSource() ?? .auto }, now: now
  ) { [weak self] input in self?.onInput?(input) }
  private lazy var orders = OrderStream(line: line) { [weak self] input in self?.onInput?(input) }

  package init(line: StreamLine, interval: StreamChannel.Interval, now: @escaping () -> Moment) {
    self.line = line
    self.interval = interval
    self.now = now
  }

  package func watchPrices(_ symbols: Set<Symbol>) { market.watch(symbols) }

  package func connectAccount(at target: String) { orders.connect(to: target) }

  package func close() {
    onInput = nil
    market.close()
    orders.close()
  }

  /// How long pushed prices may lie unread while nobody waits for one.
  package var coalescing: Duration { market.coalescing }

  // MARK: What can be seen of them

  package func status(at now: Moment) -> [StreamStatus] {
    market.status(at: now) + [orders.status(at: now)]
  }

  /// What is wrong where prices come from here alone.
  package func troubles(unpriced: [Symbol]) -> [Trouble] { market.troubles(unpriced: unpriced) }
}
