import Cryptography
import Testing

@Suite struct DigestTests {
  /// RFC 4231 §4.2–§4.8 (case 5 is about truncation, which is not offered).
  private static let vectors: [(key: [UInt8], data: [UInt8], code: String)] = [
    (
      [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
    ),
    (
      Array(1...25), [UInt8](repeating: 0xCD, count: 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131),
      Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131),
      Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
    ),
  ]

  @Test func `HMAC-SHA256 agrees with RFC 4231, again and again under one key`() {
    for (key, data, code) in Self.vectors {
      let hmac = HMACSHA256(key: key.span)
      #expect(hmac.hexDigest(of: data) == code)
      _ = hmac.digest(of: [1, 2, 3])
      #expect(hmac.hexDigest(of: data[...]) == code)
    }
  }

  @Test func `HMAC takes text, other collections and an empty key`() {
    let hmac = HMACSHA256(key: Array("Jefe".utf8).span)
    let code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    #expect(hmac.hexDigest(of: "what do ya want for nothing?".utf8) == code)
    #expect(hmac.hexDigest(of: "what do ya want for nothing?".utf8.lazy.map { $0 }) == code)
    let empty = HMACSHA256(key: [UInt8]().span)
    #expect(
      empty.hexDigest(of: [])
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  @Test func `SHA-256 agrees with FIPS 180-4`() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Hexadecimal.text(of: Digest.sha256([])) == empty)
    #expect(Hexadecimal.text(of: Digest.sha256(Array("abc".utf8))) == abc)
  }

  @Test func `random bytes differ`() {
    #expect(Digest.randomBytes(32).count == 32)
    #expect(Digest.randomBytes(32) != Digest.randomBytes(32))
    #expect(Digest.randomBytes(0) == [])
  }

  @Test func `hexadecimal digits read back, and nothing else does`() {
    let bytes: [UInt8] = [0x00, 0x09, 0x0A, 0x9F, 0xF0, 0xFF]
    #expect(Hexadecimal.bytes(of: "00090a9ff0ff") == bytes)
    #expect(Hexadecimal.bytes(of: "00090A9FF0FF") == bytes)
    #expect(Hexadecimal.bytes(of: Hexadecimal.text(of: bytes)) == bytes)
    #expect(Hexadecimal.bytes(of: "") == [])
    for text in ["0", "0g", "0x00", " 00", "é"] { #expect(Hexadecimal.bytes(of: text) == nil) }
  }
}
