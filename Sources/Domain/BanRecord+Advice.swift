extension BanRecord {
  /// Begins the reason of a back-off that a firewall's refusal brought.
  package static let blocked = "firewall: "

  package static let adviceWhenThrottled =
    "look for other programs that use the exchange from this address"

  package static let adviceWhenBlocked =
    "most often the exchange does not serve the region of this machine's address, or blocks the "
    + "address (a data centre's, a VPN's): use another address, or ask the exchange's support"

  package var isByFirewall: Bool { reason.hasPrefix(Self.blocked) }

  package var advice: String {
    isByFirewall ? Self.adviceWhenBlocked : Self.adviceWhenThrottled
  }
}
