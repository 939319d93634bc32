import Configuration
import Keystore
import Platform

extension SecretsReading<[String: Secret]> {
  /// Reads the secrets of the sources that sign, where this configuration says that they are.
  convenience init(of configuration: Configuration, _ loop: EventLoop) {
    let names = configuration.sources.filter(\.isSigned).map(\.name)
    self.init(loop, atOnce: names.isEmpty) { () throws(CredentialsError) in
      try SourceSecret.read(of: names, configuration, owners: [Accounts.ownUser])
    }
  }
}
