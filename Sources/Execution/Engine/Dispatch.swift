package import Domain

/// A request that may leave, with what must hold for that. Whoever drives the engine obeys, and
/// decides nothing.
package struct Dispatch: Hashable, Sendable {
  /// What must be true before the first byte leaves.
  package enum Barrier: Hashable, Sendable {
    case none
    /// The writes of the same input are where a killed process leaves them: the order's signal is durable,
    /// since an earlier turn or by the same commit, and says under which boot it was taken.
    case written
    /// The writes of the same input are durable.
    case durable
  }

  package enum Delivery: Hashable, Sendable {
    /// Its loss costs nothing but another request: it leaves on any connection that looks alive.
    case ordinary
    /// The same, and its answer is to prove a connection, another one than the freshest.
    case proof
    /// Goes ahead of ordinary requests: a cancel, or an order's price, does not wait for the answers to
    /// them.
    case urgent
    /// Leaves once, on a connection that has just proved to be alive: its loss costs a search.
    case once
  }

  package var id: RequestID
  package var request: ExchangeRequest
  /// The exchange's time, for requests that are signed.
  package var stampedAt: WallTime
  package var barrier: Barrier
  package var delivery: Delivery
  /// When it has not left by then, it must not leave at all.
  package var sendBefore: MonotonicTime?

  package init(
    id: RequestID, request: ExchangeRequest, stampedAt: WallTime, barrier: Barrier,
    delivery: Delivery, sendBefore: MonotonicTime?
  ) {
    self.id = id
    self.request = request
    self.stampedAt = stampedAt
    self.barrier = barrier
    self.delivery = delivery
    self.sendBefore = sendBefore
  }

  package var isPlacement: Bool {
    switch request {
    case .place, .validate: true
    case .serverTime, .instruments, .prices, .tradableSymbols, .keyInformation, .accountRights,
      .order, .openOrders, .recentOrders, .trades, .cancel, .openAccountStream,
      .extendAccountStream:
      false
    }
  }
}
