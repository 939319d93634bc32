package import Configuration
package import Platform

/// The secret that a source of signals signs with. It is HMAC key material as it stands: what the file
/// holds, without a line end at its end.
package enum SourceSecret {
  /// What nobody guesses: 128 bits, were they random.
  static let minimumBytes = 16

  static func credential(of name: String) -> String { "source_" + name }

  /// Reads it from systemd's credential, else from the configured directory, whose files must be of
  /// one of the `owners`. Throws when it is at neither place, or may not be used as it is.
  package static func read(
    of name: String, _ configuration: Configuration, owners: Set<UInt32>,
    environment: CredentialEnvironment = .process
  ) throws(CredentialsError) -> Secret {
    let place: String
    var bytes: [UInt8]
    if let directory = environment.credentialsDirectory(with: [credential(of: name)]) {
      place = "\(directory)/\(credential(of: name))"
      bytes = try SecretFile.line(
        of: place, configuration.mode == .live ? .closed : .open, followsLinks: true)
    } else {
      let directory = configuration.credentials.sourcesDirectory
      guard let directory else { throw .noSourceSecret(name: name, directory: nil) }
      place = "\(directory)/\(name)"
      do throws(CredentialsError) {
        bytes = try SecretFile.line(of: place, .ownerOnly(of: owners))
      } catch .absent {
        throw .noSourceSecret(name: name, directory: directory)
      }
    }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    let count = bytes.count
    let secret = Secret(taking: &bytes)
    guard count >= minimumBytes else { throw .shortSourceSecret(place: place, bytes: count) }
    return secret
  }
}
