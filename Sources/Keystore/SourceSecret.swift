package import Configuration
import Domain
package import Platform

/// The secret that a source of signals signs with. It is HMAC key material as it stands: what the file
/// holds, without line ends at its end.
package enum SourceSecret {
  /// What nobody guesses: 128 bits, were they random.
  static let minimumBytes = 16
  /// What the credentials file has room for (a byte tells its length).
  static let maximumBytes = 255

  static func credential(of name: String) -> String { "source_" + name }

  /// Throws when it can be guessed, or cannot be kept in the credentials file.
  package static func check(_ secret: Secret, from place: String) throws(CredentialsError) {
    if secret.count < minimumBytes { throw .shortSourceSecret(place: place, bytes: secret.count) }
    if secret.count > maximumBytes { throw .longSourceSecret(place: place, bytes: secret.count) }
  }

  /// Reads the secrets of sources by name, each from systemd's credential, else from the configured
  /// directory, whose files must be of one of the `owners`, else from the credentials file, which is
  /// opened once, and only for a source that is at neither other place; that is slow. `passphrase` is
  /// asked for what opens it, where the settings lead to nothing that does. Throws when one is
  /// nowhere, or may not be used as it is.
  package static func read(
    of names: [String], _ configuration: Configuration, owners: Set<UInt32>,
    environment: CredentialEnvironment = .process,
    passphrase: () throws(CredentialsError) -> Secret? = { () throws(CredentialsError) in nil }
  ) throws(CredentialsError) -> [String: Secret] {
    var secrets: [String: Secret] = [:]
    for name in names {
      secrets[name] = try readAlone(name, configuration, owners, environment)
    }
    let missing = names.filter { secrets[$0] == nil }
    if missing.isEmpty { return secrets }
    let stored = try readStored(configuration, owners, environment, passphrase)
    for name in missing {
      guard let secret = stored[name] else { throw Self.missing(name, configuration) }
      secrets[name] = secret
    }
    return secrets
  }

  /// The secret of one source. Throws likewise.
  package static func read(
    of name: String, _ configuration: Configuration, owners: Set<UInt32>,
    environment: CredentialEnvironment = .process,
    passphrase: () throws(CredentialsError) -> Secret? = { () throws(CredentialsError) in nil }
  ) throws(CredentialsError) -> Secret {
    let secrets = try read(
      of: [name], configuration, owners: owners, environment: environment, passphrase: passphrase)
    guard let secret = secrets[name] else { throw missing(name, configuration) }
    return secret
  }

  private static func missing(_ name: String, _ configuration: Configuration) -> CredentialsError {
    .noSourceSecret(
      name: name, directory: configuration.credentials.sourcesDirectory,
      file: configuration.credentials.file)
  }

  /// `nil` when neither systemd nor the directory has it.
  private static func readAlone(
    _ name: String, _ configuration: Configuration, _ owners: Set<UInt32>,
    _ environment: CredentialEnvironment
  ) throws(CredentialsError) -> Secret? {
    let place: String
    var bytes: [UInt8]
    if let directory = environment.credentialsDirectory(with: [credential(of: name)]) {
      place = "\(directory)/\(credential(of: name))"
      bytes = try SecretFile.secret(
        of: place, configuration.mode == .live ? .closed : .open, followsLinks: true)
    } else {
      guard let directory = configuration.credentials.sourcesDirectory else { return nil }
      place = "\(directory)/\(name)"
      do throws(CredentialsError) {
        bytes = try SecretFile.secret(of: place, .ownerOnly(of: owners))
      } catch .absent {
        return nil
      }
    }
    let count = bytes.count
    let secret = Secret(taking: &bytes)
    guard count >= minimumBytes else { throw .shortSourceSecret(place: place, bytes: count) }
    return secret
  }

  /// Those in the credentials file; none where there is no such file, or where it holds none.
  private static func readStored(
    _ configuration: Configuration, _ owners: Set<UInt32>, _ environment: CredentialEnvironment,
    _ passphrase: () throws(CredentialsError) -> Secret?
  ) throws(CredentialsError) -> [String: Secret] {
    let settings = configuration.credentials
    let refusesExposed = configuration.mode == .live
    let file: CredentialsFile
    do throws(CredentialsError) {
      file = try CredentialsFile.load(settings.file, refusesExposed: refusesExposed)
    } catch .absent {
      return [:]
    }
    guard file.mayHoldSources else { return [:] }
    let given: Secret?
    if let source = PassphraseSource(settings, environment: environment) {
      given = try source.read(owners: owners, refusesExposed: refusesExposed)
    } else {
      given = try passphrase()
    }
    guard let given else { throw .unopened(path: settings.file) }
    return try file.open(with: given, path: settings.file).sources
  }
}
