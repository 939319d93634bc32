/// Whose orders a database holds: of one account at one venue and of one mode, for good. Orders are
/// looked up and cancelled where the present mode and key reach, so any other would change the record of
/// orders that it cannot see.
package struct DatabaseOwner: Hashable, Sendable {
  /// Its venue is the real one also where trading is on paper.
  package let account: TradingAccount
  package let mode: TradingMode
  package let since: WallTime
  /// Of the key that the exchange has accepted; `nil` before, and always in paper mode.
  package var key: KeyDigest?

  package init(
    account: TradingAccount, mode: TradingMode, since: WallTime, key: KeyDigest? = nil
  ) {
    self.account = account
    self.mode = mode
    self.since = since
    self.key = key
  }
}

/// Tells an API key from another one and does not show it: a keyed hash under a salt of its own.
package struct KeyDigest: Hashable, Sendable {
  package static let saltBytes = 32

  package let salt: [UInt8]
  package let digest: [UInt8]

  package init(salt: [UInt8], digest: [UInt8]) {
    self.salt = salt
    self.digest = digest
  }
}
