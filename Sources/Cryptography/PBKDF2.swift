import COpenSSL
package import Platform

/// PBKDF2 with HMAC-SHA256 (RFC 8018 §5.2): a key from a passphrase, slow on purpose.
package enum PBKDF2 {
  package static func key(
    from passphrase: Secret, salt: [UInt8], iterations: Int, count: Int
  ) -> Secret {
    Secret(count: count) { key in
      let done = passphrase.withBytes { passphrase in
        unsafe passphrase.withUnsafeBufferPointer { passphrase in
          unsafe key.withUnsafeMutableBufferPointer { key in
            unsafe copenssl_pbkdf2_hmac_sha256(
              passphrase.baseAddress, passphrase.count, salt, salt.count, CInt(iterations),
              key.baseAddress, key.count)
          }
        }
      }
      invariant(done == 1, "PBKDF2 takes any passphrase, any salt and at least one iteration")
    }
  }
}
