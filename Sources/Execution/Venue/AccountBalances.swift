package import Domain

/// What the account holds of one asset, as the venue last told by itself.
package struct AssetBalance: Hashable, Sendable {
  package let asset: String
  /// Frozen amounts left out.
  package let free: FixedDecimal
  package let frozen: FixedDecimal
  /// By this machine's clock.
  package let receivedAt: WallTime
}

/// The last balances that one connection of the account's stream has told of. They are shown, and
/// nothing is decided by them.
struct AccountBalances: Sendable {
  /// A person reads them, and each answer of `status` holds them all. Only what is traded or moved
  /// while the connection stands is told of, and that is rarely more than this.
  static let maximum = 100

  /// Those that were told longest ago first.
  private var held: [AssetBalance] = []

  /// By the names of the assets.
  var list: [AssetBalance] { held.sorted { $0.asset < $1.asset } }

  /// Where there are too many, the one that was told longest ago goes.
  mutating func take(_ balance: AssetBalance) {
    forget(balance.asset)
    held.append(balance)
    if held.count > Self.maximum { held.removeFirst() }
  }

  mutating func forget(_ asset: String) { held.removeAll { $0.asset == asset } }
}
