package import Configuration
package import Domain
import Glibc
package import Platform

/// The API key and its secret, and where they came from.
package struct Credentials: Sendable {
  package enum Origin: Equatable, Sendable, CustomStringConvertible {
    /// The directory that systemd made for this service.
    case systemd(directory: String)
    /// The encrypted file, and what opens it.
    case file(path: String, passphrase: PassphraseSource?)
    case environment

    package var description: String {
      switch self {
      case .systemd(let directory): "systemd (\(directory))"
      case .file(let path, let passphrase?): "\(path), with the passphrase in \(passphrase)"
      case .file(let path, nil): "\(path), without a passphrase"
      case .environment: "the environment"
      }
    }
  }

  package let apiKey: Secret
  package let secretKey: Secret
  package let origin: Origin

  private static let variables = (key: "MEXC_API_KEY", secret: "MEXC_SECRET_KEY")
}

// MARK: - Where

extension Credentials {
  /// Where key and secret would be read; `nil` when the settings lead to neither. Reads no value.
  package static func origin(
    _ settings: Configuration.CredentialSettings, environment: CredentialEnvironment = .process
  ) -> Origin? {
    switch settings.source {
    case .systemd: systemd(environment)
    case .file: file(settings, environment)
    case .environment: variables(environment)
    case .auto:
      systemd(environment) ?? file(settings, environment) ?? variables(environment)
    }
  }

  private static func systemd(_ environment: CredentialEnvironment) -> Origin? {
    environment.credentialsDirectory(with: ["api_key", "api_secret"])
      .map { .systemd(directory: $0) }
  }

  /// A file that is there and cannot be looked at is an error of the reading, not another origin.
  private static func file(
    _ settings: Configuration.CredentialSettings, _ environment: CredentialEnvironment
  ) -> Origin? {
    if FileStatus.at(path: settings.file) == nil, errno == ENOENT || errno == ENOTDIR { return nil }
    return .file(
      path: settings.file, passphrase: PassphraseSource(settings, environment: environment))
  }

  private static func variables(_ environment: CredentialEnvironment) -> Origin? {
    [variables.key, variables.secret].contains { environment.isSet($0) } ? .environment : nil
  }
}

// MARK: - Reading

extension Credentials {
  /// Reads key and secret from where the settings lead. Throws when that is nowhere, or when what is
  /// there may not be used as it is.
  package static func read(
    _ settings: Configuration.CredentialSettings, mode: TradingMode,
    environment: CredentialEnvironment = .process
  ) throws(CredentialsError) -> Credentials {
    guard let origin = origin(settings, environment: environment) else { throw .missing(settings) }
    return try read(origin, mode: mode, environment: environment)
  }

  /// Reads key and secret. The files of a live daemon must be closed to other users; variables are
  /// erased from the environment once they are read. The encrypted file takes as long as its
  /// iterations want; only the environment has to be read while the process has a single thread.
  /// Throws when there is nothing, or when it may not be used as it is.
  package static func read(
    _ origin: Origin, mode: TradingMode, environment: CredentialEnvironment = .process
  ) throws(CredentialsError) -> Credentials {
    let refusesExposed = mode == .live
    let pair: (key: Secret, secret: Secret)
    let names: (key: String, secret: String)
    switch origin {
    case .systemd(let directory):
      names = (directory + "/api_key", directory + "/api_secret")
      pair = (
        try content(of: names.key, refusesExposed), try content(of: names.secret, refusesExposed)
      )
    case .file(let path, let source):
      names = ("the API key in \(path)", "the secret in \(path)")
      let file = try CredentialsFile.load(path, refusesExposed: refusesExposed)
      guard let source else { throw .unopened(path: path) }
      let passphrase = try source.read(
        owners: [Accounts.ownUser], refusesExposed: refusesExposed)
      let content = try file.open(with: passphrase, path: path)
      guard content.hasKey else { throw .noKey(path: path) }
      pair = (content.apiKey, content.secretKey)
    case .environment:
      names = variables
      pair = (try take(names.key, from: environment), try take(names.secret, from: environment))
    }
    if let flaw = CredentialFlaw.of(pair, names) {
      throw .malformed(place: flaw.place, flaw: flaw.flaw)
    }
    return Credentials(apiKey: pair.key, secretKey: pair.secret, origin: origin)
  }

  private static func content(
    of path: String, _ refusesExposed: Bool
  ) throws(CredentialsError) -> Secret {
    do throws(CredentialsError) {
      var bytes = try SecretFile.line(
        of: path, refusesExposed ? .closed : .open, followsLinks: true)
      return Secret(taking: &bytes)
    } catch .absent {
      throw .incomplete(missing: path)
    }
  }

  private static func take(
    _ name: String, from environment: CredentialEnvironment
  ) throws(CredentialsError) -> Secret {
    guard environment.isSet(name), var value = environment.value(name)
    else { throw .incomplete(missing: name) }
    environment.erase(name)
    return Secret(taking: &value)
  }
}
