import Cryptography
package import Platform

/// An API key and its secret, and secrets of sources, encrypted under a passphrase: the bytes of the
/// credentials file.
///
///     offset  bytes
///     0       8      "MEXCKEYS"
///     8       1      version
///     9       4      iterations of PBKDF2-HMAC-SHA256, the highest byte first
///     13      32     salt
///     45      12     nonce
///     57      …      key and secret, each behind a byte with its length, under AES-256-GCM; in
///                    version 2 followed by the name and the secret of each source, likewise
///     −48     16     the tag, which authenticates all of the above
///     −32     32     SHA-256 of all of the above
///
/// The version says what everything behind it means: 1 where there are no secrets of sources, so that
/// a program which knows none refuses a file with some, and no other. In version 2 key and secret may
/// both be empty. The digest is no secret: it tells a file that
/// was damaged from a wrong passphrase, and before the passphrase is tried. Who repairs it after a
/// change is stopped by the tag.
package struct CredentialsFile: Equatable, Sendable {
  /// Why bytes are not taken. Whatever bit of a file is changed, one of these says so.
  package enum Flaw: Error, Equatable, Sendable {
    /// Another kind of file.
    case foreign
    case older(version: Int)
    case newer(version: Int)
    /// Damaged, cut short or edited.
    case changed
    /// Too few to protect the passphrase, or so many that opening it would be an attack.
    case iterations(Int)
    case wrongPassphrase
  }

  package static let version = 2
  private static let pairVersion = 1
  /// OWASP's least for PBKDF2-HMAC-SHA256; some 0.3 s of one core of a small server.
  package static let standardIterations = 600_000
  /// The most is some five seconds.
  package static let acceptedIterations = 600_000...10_000_000
  /// Key and secret have at most 255 bytes each, and so have names and secrets of sources: room for
  /// some hundred sources at the least.
  package static let maximumBytes = 65_536

  static let magic = Array("MEXCKEYS".utf8)
  private static let saltBytes = 32
  private static let digestBytes = 32
  private static let headerBytes = 57
  private static let leastBytes = headerBytes + 2 + AES256GCM.tagBytes + digestBytes

  package let version: Int
  package let iterations: Int
  private let salt: [UInt8]
  private let nonce: [UInt8]
  private var sealed: [UInt8]

  private var header: [UInt8] {
    let count = UInt32(iterations)
    return Self.magic + [UInt8(version)]
      + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + salt + nonce
  }

  package var bytes: [UInt8] {
    let content = header + sealed
    return content + Digest.sha256(content)
  }
}

// MARK: - Writing

extension CredentialsFile {
  /// Encrypts the content, whose texts have at most 255 bytes each, under a salt and a nonce that were
  /// never used. Slow, as the iterations want it. A file with fewer than the accepted iterations is
  /// not read again.
  package init(
    _ content: CredentialsContent, passphrase: Secret, iterations: Int = standardIterations
  ) {
    self.init(
      version: content.sources.isEmpty ? Self.pairVersion : Self.version,
      iterations: iterations, salt: Digest.randomBytes(Self.saltBytes),
      nonce: Digest.randomBytes(AES256GCM.nonceBytes), sealed: [])
    sealed = AES256GCM.seal(
      content.message, under: key(from: passphrase), nonce: nonce, header: header)
  }
}

// MARK: - Reading

extension CredentialsFile {
  /// Whether bytes begin as a file of any version does.
  static func isMarked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// Reads the form; nothing is decrypted. Throws what is wrong with it.
  package init(_ bytes: [UInt8]) throws(Flaw) {
    guard Self.isMarked(bytes), bytes.count > Self.magic.count else { throw .foreign }
    let version = Int(bytes[Self.magic.count])
    if version < Self.pairVersion { throw .older(version: version) }
    if version > Self.version { throw .newer(version: version) }
    let content = Array(bytes.dropLast(Self.digestBytes))
    guard (Self.leastBytes...Self.maximumBytes).contains(bytes.count),
      Digest.sha256(content) == Array(bytes.suffix(Self.digestBytes))
    else { throw .changed }
    let iterations = content[9..<13].reduce(0) { $0 << 8 | Int($1) }
    guard Self.acceptedIterations.contains(iterations) else { throw .iterations(iterations) }
    self.init(
      version: version, iterations: iterations, salt: Array(content[13..<45]),
      nonce: Array(content[45..<57]),
      sealed: Array(content[57...]))
  }

  /// Whether there may be secrets of sources in it. Nothing is decrypted.
  package var mayHoldSources: Bool { version > Self.pairVersion }

  /// The key that the passphrase gives. Slow, as the iterations want it.
  package func key(from passphrase: Secret) -> Secret {
    PBKDF2.key(
      from: passphrase, salt: salt, iterations: iterations, count: AES256GCM.keyBytes)
  }

  /// Decrypts the content. Throws when `key` is of another passphrase, or the file was changed by
  /// somebody who repaired its digest: these two look alike.
  package func open(with key: Secret) throws(Flaw) -> CredentialsContent {
    guard let message = AES256GCM.open(sealed, under: key, nonce: nonce, header: header) else {
      throw .wrongPassphrase
    }
    guard let content = CredentialsContent(message),
      content.sources.isEmpty != mayHoldSources
    else { throw .changed }
    return content
  }
}

extension CredentialsFile.Flaw {
  private static let advice = "write it again with 'mexc-signalctl keys set'"

  /// The end of a sentence that begins with the file's path.
  package var sentence: String {
    let accepted = CredentialsFile.acceptedIterations
    return switch self {
    case .foreign: "is no credentials file; 'mexc-signalctl keys set' writes one"
    case .older(let version):
      "has version \(version), older than this program reads "
        + "(\(CredentialsFile.version)); \(Self.advice)"
    case .newer(let version):
      "has version \(version), newer than this program reads (\(CredentialsFile.version)); use the "
        + "program that wrote it, or \(Self.advice)"
    case .changed:
      "was changed or damaged since it was written; put a good copy back, or \(Self.advice)"
    case .iterations(let count):
      "asks for \(count) iterations of PBKDF2, and from \(accepted.lowerBound) to "
        + "\(accepted.upperBound) are accepted; \(Self.advice)"
    case .wrongPassphrase:
      "does not open: the passphrase is wrong; give the one that it was written with, or "
        + Self.advice
    }
  }
}
