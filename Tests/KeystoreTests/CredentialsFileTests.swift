import Configuration
import Cryptography
import Keystore
import Platform
import Testing

private func secret(_ text: String) -> Secret { Secret(copying: Array(text.utf8)) }

/// The form of the file. Its key is derived once: what is tried many times takes the derived key.
@Suite struct CredentialsFileTests {
  /// Written by another program from the description of the form.
  private static let known =
    "4d4558434b45595301000927c0000102030405060708090a0b0c0d0e0f10111213141516"
    + "1718191a1b1c1d1e1f6465666768696a6b6c6d6e6f0144267292293d1ee5bf051fc74b53"
    + "7323423fea954759a02d369c29419e4942f3955fbafeed3cae992aa7a549d1ba325dd898"
    + "fc4d94426e3fa58f3188b1c375dd775a52f3cc03c6de92e0dceba271b818d60d644d523a"
    + "4ca4c07632048ec4931a7891a6"
  /// The same with a source, whose key is the same.
  private static let knownWithSource =
    "4d4558434b45595302000927c0000102030405060708090a0b0c0d0e0f10111213141516"
    + "1718191a1b1c1d1e1f6465666768696a6b6c6d6e6f0144267292293d1ee5bf051fc74b53"
    + "7323423fea954759a02d369c29419e4942f3955fbafeed3cae992aa7a549d1ba325dd898"
    + "fc664d52dbaf496938af671c7cea22fe0dd8b5ce6098692e4956104c1b0a35eb79f1d130"
    + "5d73d42cd40f9bde3aa26d212b08355cb6f85884bdb77264687bb0227c786fb26bea6072"
  private static let passphrase = "correct horse battery staple"
  private static let digestBytes = 32

  private static var pair: CredentialsContent {
    CredentialsContent(apiKey: secret(demoKey), secretKey: secret(demoSecret))
  }

  private let bytes: [UInt8]
  private let file: CredentialsFile
  private let key: Secret

  init() throws {
    bytes = try #require(Hexadecimal.bytes(of: Self.known))
    file = try CredentialsFile(bytes)
    key = file.key(from: secret(Self.passphrase))
  }

  private func flaw(of bytes: [UInt8]) -> CredentialsFile.Flaw? {
    do throws(CredentialsFile.Flaw) {
      _ = try CredentialsFile(bytes).open(with: key)
      return nil
    } catch {
      return error
    }
  }

  private func flipped(_ bit: Int) -> [UInt8] {
    var changed = bytes
    changed[bit / 8] ^= 1 << (bit % 8)
    return changed
  }

  private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    let content = Array(bytes.dropLast(Self.digestBytes))
    return content + Digest.sha256(content)
  }

  @Test func `a file of this version is read, whoever wrote it`() throws {
    let pair = try file.open(with: key)
    #expect(text(pair.apiKey) == demoKey && text(pair.secretKey) == demoSecret)
    #expect(file.iterations == 600_000)
    #expect(file.bytes == bytes)
  }

  @Test func `what is written is read, and no two files are alike`() throws {
    let files = (0..<2).map { _ in
      CredentialsFile(Self.pair, passphrase: secret("p"))
    }
    for file in files {
      let read = try CredentialsFile(file.bytes)
      #expect(read.iterations == CredentialsFile.standardIterations)
      let pair = try read.open(with: read.key(from: secret("p")))
      #expect(text(pair.apiKey) == demoKey && text(pair.secretKey) == demoSecret)
    }
    // Salt, nonce, ciphertext and tag.
    let first = files[0].bytes
    let second = files[1].bytes
    for range in [13..<45, 45..<57, 57..<109, 109..<125] {
      #expect(first[range] != second[range])
    }
  }

  // MARK: Secrets of sources

  @Test func `a file with sources is read, whoever wrote it`() throws {
    let bytes = try #require(Hexadecimal.bytes(of: Self.knownWithSource))
    let file = try CredentialsFile(bytes)
    #expect(file.version == 2 && file.bytes == bytes)
    let content = try file.open(with: key)
    #expect(text(content.apiKey) == demoKey && text(content.secretKey) == demoSecret)
    #expect(content.sources.mapValues(text) == ["bot-1": "0123456789abcdef"])
  }

  @Test func `secrets of sources are kept beside key and secret, and without them`() throws {
    let sources = [
      "bot-1": secret("0123456789abcdef"), "b": secret(String(repeating: "x", count: 255)),
    ]
    for hasKey in [true, false] {
      var content = hasKey ? Self.pair : CredentialsContent()
      content.sources = sources
      let file = CredentialsFile(content, passphrase: secret("p"))
      #expect(file.bytes[8] == 2)
      let key = file.key(from: secret("p"))
      let read = try CredentialsFile(file.bytes).open(with: key)
      #expect(read.hasKey == hasKey)
      #expect(text(read.apiKey) == (hasKey ? demoKey : ""))
      #expect(read.sources.mapValues(text) == sources.mapValues(text))
      // A program that takes the file for the other version does not open it.
      var other = file.bytes
      other[8] = 1
      let claimed = try CredentialsFile(repaired(other))
      #expect(throws: CredentialsFile.Flaw.wrongPassphrase) { try claimed.open(with: key) }
    }
  }

  @Test func `a file without secrets of sources is one that older programs read`() throws {
    #expect(CredentialsFile(Self.pair, passphrase: secret("p")).bytes[8] == 1)
    let read = try file.open(with: key)
    #expect(read.sources.isEmpty && !file.mayHoldSources)
  }

  @Test func `every single-bit change of a file with sources is refused`() throws {
    var content = Self.pair
    content.sources = ["bot-1": secret("0123456789abcdef")]
    let written = CredentialsFile(content, passphrase: secret("p"))
    let key = written.key(from: secret("p"))
    for bit in 0..<(8 * (written.bytes.count - Self.digestBytes)) {
      var changed = written.bytes
      changed[bit / 8] ^= 1 << (bit % 8)
      for bytes in [changed, repaired(changed)] {
        #expect(throws: CredentialsFile.Flaw.self, "\(bit)") {
          try CredentialsFile(bytes).open(with: key)
        }
      }
    }
  }

  // MARK: Damage

  @Test func `every single-bit change of a file is refused`() {
    for bit in 0..<(8 * bytes.count) {
      let flaw = flaw(of: flipped(bit))
      switch bit / 8 {
      case 0..<8: #expect(flaw == .foreign, "\(bit)")
      case 8:
        let version = Int(bytes[8] ^ (1 << (bit % 8)))
        #expect(
          flaw == (version < 1 ? .older(version: version) : .newer(version: version)), "\(bit)")
      default: #expect(flaw == .changed, "\(bit)")
      }
    }
  }

  /// Somebody who changes a file can repair its digest and cannot repair its tag.
  @Test func `every single-bit change is refused where the digest is repaired`() {
    let authenticated = 13..<(bytes.count - Self.digestBytes)
    for bit in 0..<(8 * authenticated.upperBound) {
      let flaw = flaw(of: repaired(flipped(bit)))
      if authenticated.contains(bit / 8) {
        #expect(flaw == .wrongPassphrase, "\(bit)")
      } else {
        #expect(flaw != nil, "\(bit)")
      }
    }
  }

  @Test func `every shorter or longer file is refused`() {
    for count in 0..<bytes.count {
      let short = Array(bytes.prefix(count))
      #expect(flaw(of: short) == (count < 9 ? .foreign : .changed), "\(count)")
      #expect(flaw(of: repaired(short)) != nil, "\(count)")
    }
    #expect(flaw(of: bytes + [0]) == .changed)
    #expect(flaw(of: repaired(bytes + [0])) != nil)
    let large = bytes + [UInt8](repeating: 0, count: CredentialsFile.maximumBytes)
    #expect(flaw(of: repaired(large)) == .changed)
  }

  @Test func `older and newer versions are named before anything else is judged`() {
    for (version, flaw) in [
      (0, CredentialsFile.Flaw.older(version: 0)), (3, .newer(version: 3)),
      (255, .newer(version: 255)),
    ] {
      var other = bytes
      other[8] = UInt8(version)
      #expect(self.flaw(of: other) == flaw)
      #expect(self.flaw(of: Array(other.prefix(9))) == flaw)
    }
  }

  @Test func `a wrong passphrase is told from a change`() throws {
    for wrong in ["", "correct horse battery stapl", "Correct horse battery staple"] {
      let wrongKey = file.key(from: secret(wrong))
      #expect(throws: CredentialsFile.Flaw.wrongPassphrase) { try file.open(with: wrongKey) }
    }
  }

  /// A hostile file must cost neither the passphrase nor an hour.
  @Test func `iterations outside the bounds are refused without deriving a key`() {
    for count in [0, 1, 599_999, 10_000_001, 4_294_967_295] {
      var other = bytes
      for (index, shift) in [24, 16, 8, 0].enumerated() {
        other[9 + index] = UInt8(truncatingIfNeeded: count >> shift)
      }
      #expect(flaw(of: repaired(other)) == .iterations(count))
    }
    let weak = CredentialsFile(Self.pair, passphrase: secret("p"), iterations: 1)
    #expect(flaw(of: weak.bytes) == .iterations(1))
  }

  @Test func `each flaw has a sentence of its own`() {
    let flaws: [CredentialsFile.Flaw] = [
      .foreign, .older(version: 0), .newer(version: 3), .changed, .iterations(1), .wrongPassphrase,
    ]
    #expect(Set(flaws.map(\.sentence)).count == flaws.count)
    for flaw in flaws { #expect(flaw.sentence.contains("'mexc-signalctl keys set'")) }
  }
}
