import Domain
import Execution
import MEXC
import Transport

/// What happens to the account's orders and balances, pushed: one connection, which a key opens.
final class OrderStream {
  private let line: StreamLine
  private let tell: (Input) -> Void
  private var connection: StreamConnection?
  /// The engine relies on it.
  private var isUp = false
  /// Attempts in a row that may have failed because of the key.
  private var doubtfulFailures = 0

  /// After so many the fault may be the key's, though the exchange does not say so.
  private static let doubtfulMaximum = 3
  /// Both: an order's own reports say what it adds up to, and a deal says when to look for one that is
  /// missing.
  private static let needed: [StreamChannel] = [.privateOrders, .privateDeals]
  /// Balances are only shown: without them orders are pushed all the same.
  private static let channels = needed + [.privateAccount]

  init(line: StreamLine, tell: @escaping (Input) -> Void) {
    self.line = line
    self.tell = tell
  }

  /// `target` is a secret.
  func connect(to target: String) {
    let connection =
      connection
      ?? StreamConnection(
        "the account's stream", fallback: { StreamFallback(words: "orders are looked up") },
        channels: Self.channels,
        needed: Set(Self.needed), line: line
      ) { [weak self] _, event in self?.take(event) }
    self.connection = connection
    doubtfulFailures = 0
    connection.connect(to: target)
  }

  func close() {
    connection?.close()
    connection = nil
  }

  private func take(_ event: StreamConnection.Event) {
    switch event {
    case .ready:
      isUp = true
      doubtfulFailures = 0
      tell(.accountStream(.opened))
    case .lost(let end):
      lost(end)
    case .failed(let end): failed(end)
    case .keyRefused:
      isUp = false
      tell(.accountStream(.keyRefused))
    case .pushed(let push, at: _): take(push)
    }
  }

  private func lost(_ end: StreamEnd) {
    guard isUp else { return }
    isUp = false
    tell(.accountStream(.lost(end.text)))
  }

  private func failed(_ end: StreamEnd) {
    guard end.mayBeTheKeys else { return }
    doubtfulFailures += 1
    guard doubtfulFailures >= Self.doubtfulMaximum else { return }
    connection?.close()
    tell(.accountStream(.keyRefused))
  }

  private func take(_ push: StreamEvent) {
    switch push {
    case .order(let report): tell(.execution(report))
    case .trade(let trade):
      if let name = trade.clientOrderID { tell(.accountStream(.traded(name, trade.quantity))) }
    case .unreadableOrder(let symbol, let row):
      tell(.accountStream(.unreadable(symbol, row)))
    case .unreadable(let reason):
      tell(.accountStream(.notUnderstood))
      line.journal.strange(
        "the account's stream pushes something that is not understood; orders are looked up",
        reason: reason)
    case .balance(let change):
      tell(
        .accountStream(
          .balance(asset: change.asset, free: change.available, frozen: change.frozen)))
    case .unreadableBalance(let asset, let reason):
      tell(.accountStream(.balanceUnreadable(asset: asset)))
      line.journal.strange(
        "the account's stream pushes a balance that is not understood; it is not shown",
        reason: reason)
    // Prices were not asked for here.
    case .topOfBook, .noPrice: break
    }
  }

  func status(at now: Moment) -> StreamStatus {
    connection?.status("account", at: now) ?? StreamStatus(name: "account", state: .off)
  }
}

extension StreamEnd {
  /// Whether another key may help: the way stands, and the exchange ends it.
  fileprivate var mayBeTheKeys: Bool {
    switch self {
    case .closed(.refused), .closed(.closedByPeer), .closed(.lost): true
    case .closed, .unanswered, .keyInvalid, .nothingPushed, .silent: false
    }
  }
}
