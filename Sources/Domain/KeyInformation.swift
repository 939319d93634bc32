/// What an exchange tells of an API key. What it does not tell, or not so that it can be read, is
/// `nil`: nothing is concluded from it.
package struct KeyInformation: Hashable, Sendable {
  package enum Right: String, CaseIterable, Hashable, Sendable {
    case readAccount = "read_account"
    case readOrders = "read_orders"
    case placeOrders = "place_orders"
    case withdraw
  }

  package enum Standing: Hashable, Sendable {
    case valid
    /// Not to be used: the exchange's own word for why.
    case unusable(String)
  }

  package enum Validity: Hashable, Sendable {
    case permanent
    /// Whole days that are left; 0 when there are none.
    case days(Int)
  }

  package var rights: Set<Right>?
  package var standing: Standing?
  package var validity: Validity?
  /// The addresses that the key is bound to, as the exchange prints them; empty for none.
  package var addresses: [String]?

  /// From so many days on a key is about to expire.
  package static let warningDays = 10

  package init(
    rights: Set<Right>? = nil, standing: Standing? = nil, validity: Validity? = nil,
    addresses: [String]? = nil
  ) {
    self.rights = rights
    self.standing = standing
    self.validity = validity
    self.addresses = addresses
  }

  package var mayWithdraw: Bool? { rights.map { $0.contains(.withdraw) } }

  /// `nil` for a key that does not expire, or when it is not told.
  package var daysLeft: Int? {
    if case .days(let days)? = validity { days } else { nil }
  }
}

/// What an exchange tells of the account itself, whatever the key may do.
package struct AccountRights: Hashable, Sendable {
  package var canTrade: Bool?

  package init(canTrade: Bool?) {
    self.canTrade = canTrade
  }
}
