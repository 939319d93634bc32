import Cryptography
import Platform
import Testing

@Suite struct KeyDerivationTests {
  private struct Vector {
    let passphrase: String
    let salt: String
    let iterations: Int
    let key: String
  }

  /// RFC 7914 §11.
  private static let rfc7914 = [
    Vector(
      passphrase: "passwd", salt: "salt", iterations: 1,
      key: "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"),
    Vector(
      passphrase: "Password", salt: "NaCl", iterations: 80_000,
      key: "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
        + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"),
  ]

  /// The inputs of RFC 6070, which has them for SHA-1, with the keys that SHA-256 gives.
  private static let rfc6070 = [
    Vector(
      passphrase: "password", salt: "salt", iterations: 1,
      key: "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"),
    Vector(
      passphrase: "password", salt: "salt", iterations: 2,
      key: "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"),
    Vector(
      passphrase: "password", salt: "salt", iterations: 4_096,
      key: "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
    Vector(
      passphrase: "passwordPASSWORDpassword", salt: "saltSALTsaltSALTsaltSALTsaltSALTsalt",
      iterations: 4_096,
      key: "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1c635518c7dac47e9"),
    Vector(
      passphrase: "pass\0word", salt: "sa\0lt", iterations: 4_096,
      key: "89b69d0516f829893c696226650a8687"),
  ]

  @Test func `PBKDF2 agrees with RFC 7914 and with the inputs of RFC 6070`() {
    for vector in Self.rfc7914 + Self.rfc6070 {
      let key = PBKDF2.key(
        from: Secret(copying: Array(vector.passphrase.utf8)), salt: Array(vector.salt.utf8),
        iterations: vector.iterations, count: vector.key.utf8.count / 2)
      #expect(hexadecimal(key) == vector.key)
    }
  }
}

func hexadecimal(_ secret: Secret) -> String {
  secret.withBytes { bytes in Hexadecimal.text(of: bytes.indices.map { bytes[$0] }) }
}
