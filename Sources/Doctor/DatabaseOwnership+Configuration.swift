package import Configuration
package import Domain
package import Store

extension DatabaseOwnership {
  /// What a configuration asks of its database, or of the copy at `file`; `configurationPath` is where
  /// it was read from.
  package init(
    _ configuration: Configuration, from configurationPath: String, of file: String? = nil,
    at venue: VenueName = Configuration.venue, keyDigest: ((_ salt: [UInt8]) -> KeyDigest)?
  ) {
    self.init(
      account: TradingAccount(
        venue: venue, name: configuration.exchange.account),
      mode: configuration.mode, path: file ?? configuration.store.path,
      statement: "mexc-signalctl --config \(configurationPath) adopt", keyDigest: keyDigest)
  }
}
