package import Configuration
import Cryptography
package import Domain
package import Intake
package import Keystore
import Platform

/// Tells whether a signal comes from the source that it names, for the sources that have a secret.
package struct SourceAuthenticator {
  private var keys: [String: HMACSHA256] = [:]

  /// Of a daemon whose sources have no secrets.
  package init() {}

  /// Reads the secrets of the sources. Throws when one is missing or may not be used as it is.
  package init(_ configuration: Configuration) throws(CredentialsError) {
    for source in configuration.sources where source.isSigned {
      let secret = try SourceSecret.read(
        of: source.name, configuration, owners: [Accounts.ownUser])
      keys[source.name] = secret.withBytes { HMACSHA256(key: $0) }
    }
  }

  /// `nil` when the signal may go on: its source has no secret, or this is its signature.
  package func refusal(of signal: Signal, _ signature: SignalSignature?) -> SignalRefusal? {
    guard let source = signal.source, let key = keys[source] else { return nil }
    guard let signature else {
      return Self.refusal(
        signal, "The source \"\(source)\" signs its signals, and this one has no signature.")
    }
    let expected = key.digest(of: signature.signedText.utf8)
    guard let code = Hexadecimal.bytes(of: signature.code), code.count == expected.count else {
      return Self.refusal(signal, "The signature is not 64 hexadecimal digits.")
    }
    // Compared in a time that tells nothing of how far they agree.
    guard Secret(copying: code).equals(Secret(copying: expected)) else {
      return Self.refusal(
        signal,
        "The signature is not that of the source \"\(source)\": the text was changed, or signed "
          + "with another secret or in another form.")
    }
    return nil
  }

  private static func refusal(_ signal: Signal, _ message: String) -> SignalRefusal {
    SignalRefusal(
      code: .unauthenticated, id: signal.id, field: "signature", position: nil, message: message)
  }
}
