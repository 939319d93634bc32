package import Configuration
import Platform

/// Why there are no credentials to use. No case holds a value, or a piece of one.
package enum CredentialsError: Error, Equatable, Sendable {
  /// Nothing at any place that the settings name.
  case missing(Configuration.CredentialSettings)
  /// One of the two is there and the other is not.
  case incomplete(missing: String)
  /// No file of that name.
  case absent(path: String)
  /// `mayPass`: no setting is at fault, and the machine may give it later.
  case unreadable(path: String, reason: String, mayPass: Bool = false)
  /// Others on this machine can read the file.
  case exposed(path: String, mode: UInt32)
  case foreignOwner(path: String, owner: UInt32)
  /// Does not look like a key or a secret.
  case malformed(place: String, flaw: CredentialFlaw)
  case file(path: String, CredentialsFile.Flaw)
  /// The credentials file has nothing that opens it.
  case unopened(path: String)
  /// The passphrase's file is not there.
  case noPassphrase(path: String)
  case emptyPassphrase(place: String)
  /// The credentials file keeps secrets of sources alone.
  case noKey(path: String)
  /// A source is to sign, and no place has a secret for it.
  case noSourceSecret(name: String, directory: String?, file: String)
  /// Writing key and secret anew would lose secrets of sources.
  case keepsSources(path: String)
  /// The credentials file keeps none for this source.
  case noStoredSource(name: String, path: String)
  /// So few bytes can be guessed by whoever has seen one signature.
  case shortSourceSecret(place: String, bytes: Int)
  /// The credentials file takes no more of one secret.
  case longSourceSecret(place: String, bytes: Int)
  case unwritable(path: String, reason: String)
  /// The operator was asked and did not say it.
  case notGiven(String)
  case unequalPassphrases
  /// What the operator gives cannot be read.
  case input(String)
}

extension CredentialsError {
  package var mayPass: Bool { if case .unreadable(_, _, true) = self { true } else { false } }
}

extension CredentialsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let settings): Self.missing(settings)
    case .incomplete(let missing): "\(missing) is missing; key and secret come together"
    case .absent(let path): "there is no file \(path); 'mexc-signalctl keys set' writes it"
    case .unreadable(let path, let reason, _): "\(path) cannot be read: \(reason)"
    case .exposed(let path, let mode):
      "\(path) can be read by others (mode 0\(String(mode, radix: 8))); run: chmod 0600 \(path)"
    case .foreignOwner(let path, let owner):
      "\(path) belongs to the user \(Accounts.user(owner)), who could change it; run: chown "
        + "\(Accounts.user(Accounts.ownUser)) \(path)"
    case .malformed(let place, let flaw): "\(place) \(flaw.sentence)"
    case .file(let path, let flaw): "\(path) \(flaw.sentence)"
    case .unopened(let path):
      "\(path) is encrypted, and no passphrase is given; under systemd, add "
        + "LoadCredential=passphrase:… to the unit, else set credentials.passphrase_file"
    case .noPassphrase(let path):
      "there is no file \(path), which the passphrase of the credentials file is read from; put "
        + "the passphrase there (mode 0600)"
    case .emptyPassphrase(let place): "the passphrase in \(place) is empty"
    case .noKey(let path):
      "\(path) holds secrets of sources and no API key; 'mexc-signalctl keys set' adds it, or set "
        + "credentials.source to where the key is"
    case .noSourceSecret(let name, let directory, let file):
      "there is no secret for the source \"\(name)\"; 'mexc-signalctl keys set --source \(name)' "
        + "writes it encrypted into \(file); under systemd, add "
        + "LoadCredential=\(SourceSecret.credential(of: name)):… to the unit; or "
        + (directory.map { "write it to \($0)/\(name) (mode 0600, the daemon's user's)" }
          ?? "set credentials.sources_directory and put a file of that name there")
    case .keepsSources(let path):
      "\(path) keeps secrets of sources under another passphrase; give that one, or give them up "
        + "with 'mexc-signalctl keys remove'; nothing is changed"
    case .noStoredSource(let name, let path):
      "\(path) holds no secret for the source \"\(name)\"; 'mexc-signalctl keys check' says for "
        + "which it does"
    case .shortSourceSecret(let place, let bytes):
      "the secret in \(place) has \(bytes) bytes, and whoever sees a signal could guess it; write "
        + "at least \(SourceSecret.minimumBytes), for instance of: openssl rand -hex 32"
    case .longSourceSecret(let place, let bytes):
      "the secret in \(place) has \(bytes) bytes, and at most \(SourceSecret.maximumBytes) can be "
        + "kept; nothing is changed"
    case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
    case .notGiven(let name): "\(name) is missing: the input ended before it; nothing is changed"
    case .unequalPassphrases: "the two passphrases differ; nothing is changed"
    case .input(let reason): "the input cannot be used: \(reason); nothing is changed"
    }
  }

  private static func missing(_ settings: Configuration.CredentialSettings) -> String {
    let file = "'mexc-signalctl keys set' writes them encrypted into \(settings.file)"
    return switch settings.source {
    case .auto:
      "no API key found; \(systemdAdvice); or \(file); without systemd, set MEXC_API_KEY and "
        + "MEXC_SECRET_KEY"
    case .systemd: "no API key found in $CREDENTIALS_DIRECTORY; \(systemdAdvice)"
    case .file: "no API key found; there is no file \(settings.file): \(file)"
    case .environment: "no API key found; set MEXC_API_KEY and MEXC_SECRET_KEY"
    }
  }

  private static let systemdAdvice =
    "under the shipped unit, put it into /etc/credstore/mexc-signald.api_key and its secret into "
    + "mexc-signald.api_secret beside it (mode 0600; of an instance: mexc-signald-NAME.api_key), "
    + "and restart; another unit needs LoadCredential=api_key:… and api_secret:…"
}
