package import Configuration
package import Keystore
package import Platform

/// Puts key and secret encrypted into the configured file, for the daemon's user. Secrets of sources
/// that the file keeps stay.
package struct CredentialsWriter {
  private let settings: Configuration.CredentialSettings
  private let configurationPath: String
  private let users: DaemonUser

  package init(_ configuration: Configuration, from path: String) {
    settings = configuration.credentials
    configurationPath = path
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
  /// a key or a secret, when the passphrase does not open the secrets that stay, or when the file cannot
  /// be written; then it is as it was.
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
    let content = CredentialsContent(
      apiKey: apiKey, secretKey: secretKey, sources: try sources(in: editor, under: passphrase))
    // Nothing tells a renewed key from another account's.
    return try write(content, under: passphrase, editor)
      + "; if its database was used with another key, and this one is of the same account, say so "
      + "first: 'mexc-signalctl --config \(configurationPath) adopt --renewed-key' (while no daemon "
      + "runs: 'mexc-signalctl --config \(configurationPath) adopt')"
  }

  /// All that the file is to keep; what to tell the person.
  func write(
    _ content: CredentialsContent, under passphrase: Secret, _ editor: CredentialsFileEditor
  ) throws(CredentialsError) -> String {
    let warning = try replace(by: content, under: passphrase, editor)
    return
      "\(settings.file): written; 'systemctl reload mexc-signald' makes a running daemon use it, "
      + "unless systemd gives it one\(warning)"
  }

  /// The same; what the person must see to, which is empty where there is nothing.
  func replace(
    by content: CredentialsContent, under passphrase: Secret, _ editor: CredentialsFileEditor
  ) throws(CredentialsError) -> String {
    let file = CredentialsFile(content, passphrase: passphrase)
    let owner = users.owner(ofFile: settings.file)
    try editor.write(file, for: owner)
    return users.warning(for: owner)
  }

  private func sources(
    in editor: CredentialsFileEditor, under passphrase: Secret
  ) throws(CredentialsError) -> [String: Secret] {
    guard let present = editor.present, present.mayHoldSources else { return [:] }
    do throws(CredentialsError) {
      return try present.open(with: passphrase, path: settings.file).sources
    } catch .file(let path, .wrongPassphrase) {
      throw .keepsSources(path: path)
    }
  }

  /// Throws what is odd about their form.
  static func check(_ pair: (key: Secret, secret: Secret)) throws(CredentialsError) {
    if let found = CredentialFlaw.of(pair, ("the API key", "the secret")) {
      throw .malformed(place: found.place, flaw: found.flaw)
    }
  }
}
