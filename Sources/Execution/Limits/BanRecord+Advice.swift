import Domain

extension BanRecord {
  /// Begins the reason of a back-off that a firewall's refusal brought.
  static let blocked = "firewall: "

  static let adviceWhenThrottled =
    "look for other programs that use the exchange from this address"

  static let adviceWhenBlocked =
    "most often the exchange does not serve the region of this machine's address, or blocks the "
    + "address (a data centre's, a VPN's): use another address, or ask the exchange's support"

  var advice: String {
    reason.hasPrefix(Self.blocked) ? Self.adviceWhenBlocked : Self.adviceWhenThrottled
  }
}
