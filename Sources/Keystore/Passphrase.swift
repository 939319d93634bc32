package import Configuration
import Glibc
package import Platform

/// Where the passphrase of the credentials file is read from.
package enum PassphraseSource: Equatable, Sendable, CustomStringConvertible {
  /// The directory that systemd made for this service.
  case systemd(directory: String)
  /// A file that only its owner can read.
  case file(String)

  /// systemd's, else the configured file; `nil` when there is neither. Reads nothing.
  package init?(
    _ settings: Configuration.CredentialSettings, environment: CredentialEnvironment = .process
  ) {
    if let directory = environment.credentialsDirectory(with: [Self.name]) {
      self = .systemd(directory: directory)
    } else if let path = settings.passphraseFile {
      self = .file(path)
    } else {
      return nil
    }
  }

  /// The name of the credential.
  private static let name = "passphrase"

  package var description: String {
    switch self {
    case .systemd(let directory): "\(directory)/\(Self.name)"
    case .file(let path): path
    }
  }

  /// Reads it: what the file holds without one line end at its end: what stands before that one is
  /// part of the passphrase, and has encrypted files. A file must be of one of the `owners`. Throws when
  /// it cannot be used.
  package func read(
    owners: Set<UInt32>, refusesExposed: Bool
  ) throws(CredentialsError) -> Secret {
    var bytes: [UInt8]
    do throws(CredentialsError) {
      switch self {
      case .systemd:
        bytes = try SecretFile.line(
          of: description, refusesExposed ? .closed : .open, followsLinks: true)
      case .file(let path): bytes = try SecretFile.line(of: path, .ownerOnly(of: owners))
      }
    } catch .absent(let path) {
      throw .noPassphrase(path: path)
    }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    if bytes.isEmpty { throw .emptyPassphrase(place: description) }
    return Secret(taking: &bytes)
  }
}
