import Cryptography
package import Domain
package import Platform
import Transport

/// An API key and the means to sign with its secret. The secret itself stays inside OpenSSL; nothing
/// here prints either of the two.
package final class Credentials: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package enum ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
    case keyEmpty
    case keyMalformed
    case secretEmpty
    case secretMalformed

    package var description: String {
      switch self {
      case .keyEmpty: "the API key is empty"
      case .keyMalformed: "the API key is too long, or holds a blank or a character outside ASCII"
      case .secretEmpty: "the API secret is empty"
      case .secretMalformed:
        "the API secret is too long, or holds a blank or a character outside ASCII"
      }
    }
  }

  /// MEXC's keys have 18 characters and its secrets 32; more than this is another kind of file.
  private static let maximumLength = 256

  let apiKey: String
  private let hmac: HMACSHA256
  private let readingFields: HTTPFields
  private let writingFields: HTTPFields

  /// Copies what it needs; the secrets may be let go afterwards. Throws which of the two cannot be
  /// what MEXC gives out.
  package init(apiKey: Secret, secret: Secret) throws(ShapeError) {
    if apiKey.count == 0 { throw .keyEmpty }
    if secret.count == 0 { throw .secretEmpty }
    guard apiKey.withBytes(Self.isWord) else { throw .keyMalformed }
    guard secret.withBytes(Self.isWord) else { throw .secretMalformed }
    self.apiKey = apiKey.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    hmac = secret.withBytes { HMACSHA256(key: $0) }
    readingFields = [(name: "X-MEXC-APIKEY", value: self.apiKey)]
    // Without it the exchange answers 700013 to anything but GET, whatever the body.
    writingFields = readingFields + [(name: "Content-Type", value: "application/json")]
  }

  private static func isWord(_ bytes: Span<UInt8>) -> Bool {
    bytes.count <= maximumLength
      && bytes.indices.allSatisfy { bytes[$0] > 0x20 && bytes[$0] < 0x7F }
  }

  /// What a signed request bears beside its target.
  func fields(of method: HTTPRequest.Method) -> HTTPFields {
    method == .get ? readingFields : writingFields
  }

  /// HMAC-SHA256 of the text under the secret, in lower-case hexadecimal (MEXC spot v3, "Signed").
  package func signature(of text: String) -> String { hmac.hexDigest(of: text.utf8) }

  /// The same, as the 32 bytes that the digits stand for.
  func code(of bytes: Span<UInt8>) -> InlineArray<32, UInt8> { hmac.code(of: bytes) }

  /// Whether both sign alike, under one API key.
  package func isSame(as other: Credentials) -> Bool {
    apiKey == other.apiKey && signature(of: "") == other.signature(of: "")
  }

  /// Tells the API key from another one, and does not show it.
  package func keyDigest(salt: [UInt8]) -> KeyDigest {
    KeyDigest(
      salt: salt, digest: HMACSHA256(key: salt.span).digest(of: Array(apiKey.utf8)))
  }

  package var description: String { "(credentials)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
