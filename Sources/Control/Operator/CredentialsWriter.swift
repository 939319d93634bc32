package import Configuration
package import Keystore
package import Platform

/// Puts key and secret encrypted into the configured file, for the daemon's user.
package struct CredentialsWriter {
  private let settings: Configuration.CredentialSettings
  private let users: DaemonUser

  package init(_ configuration: Configuration) {
    settings = configuration.credentials
    users = DaemonUser(configuration)
  }

  /// nil without a source. Throws when it cannot be used.
  package func passphrase(
    from source: PassphraseSource?
  ) throws(CredentialsError) -> Secret? {
    guard let source else { return nil }
    return try source.read(owners: users.trusted, refusesExposed: true)
  }

  /// What to tell the person. Slow, as the encryption wants it. Throws when one of the two cannot be
  /// a key or a secret, or the file cannot be written; then it is as it was.
  package func write(
    apiKey: Secret, secretKey: Secret, under passphrase: Secret
  ) throws(CredentialsError) -> String {
    let editor = try CredentialsFileEditor(path: settings.file)
    return try write(apiKey: apiKey, secretKey: secretKey, under: passphrase, editor)
  }

  /// The same for who has taken the right to change the file before.
  func write(
    apiKey: Secret, secretKey: Secret, under passphrase: Secret, _ editor: CredentialsFileEditor
  ) throws(CredentialsError) -> String {
    try Self.check((apiKey, secretKey))
    let file = CredentialsFile(apiKey: apiKey, secretKey: secretKey, passphrase: passphrase)
    try editor.write(file, for: users.owner(ofFile: settings.file))
    return
      "\(settings.file): written; 'systemctl reload mexc-signald' makes a running daemon use it"
  }

  /// Throws what is odd about their form.
  static func check(_ pair: (key: Secret, secret: Secret)) throws(CredentialsError) {
    if let found = CredentialFlaw.of(pair, ("the API key", "the secret")) {
      throw .malformed(place: found.place, flaw: found.flaw)
    }
  }
}
