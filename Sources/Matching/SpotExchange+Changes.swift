package import Domain

/// What happens to orders, for whoever tells the account of it as it happens.
extension SpotExchange {
  package struct Change: Sendable {
    package enum Cause: Hashable, Sendable {
      case accepted
      /// By this fill, counted in `trades`.
      case filled(trade: Int)
      /// What had not filled is off the book.
      case canceled
    }

    package let cause: Cause
    /// The order, and what the account holds, right after it.
    package let order: SimulatedOrder
    package let wallet: Wallet
    package let time: WallTime
  }

  /// Keeps every change from here on until it is taken. Whoever calls this takes them.
  package mutating func recordChanges() {
    changes = changes ?? []
  }

  /// The changes since the last call, in the order in which they happened; hidden orders have them too.
  package mutating func takeChanges() -> [Change] {
    guard let taken = changes else { return [] }
    changes = []
    return taken
  }

  mutating func record(_ cause: Change.Cause, of number: Int, at time: WallTime) {
    changes?.append(Change(cause: cause, order: records.orders[number], wallet: wallet, time: time))
  }
}
