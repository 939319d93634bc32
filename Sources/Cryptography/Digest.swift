import COpenSSL
import Platform

package enum Digest {
  /// The 32 bytes of SHA-256.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: SHA256.bytes)
    let done = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, SHA256.algorithm, nil)
    invariant(done == 1, "SHA-256 is part of every OpenSSL")
    return digest
  }

  /// `count` bytes that nobody can guess.
  package static func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // RAND_bytes(3): failing means that the kernel gives no randomness; nothing safe can follow.
    let done = unsafe RAND_bytes(&bytes, CInt(count))
    invariant(done == 1, "the system has randomness")
    return bytes
  }
}

private enum SHA256 {
  static let bytes = 32
  /// Fetched once: EVP_sha256() would be looked up anew with every use (crypto(7), "Performance").
  /// Written here and never again, and OpenSSL shares it among threads.
  nonisolated(unsafe) static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)
}

/// HMAC-SHA256 (RFC 2104) under one key. The key lives in OpenSSL's context only, which wipes it when
/// it is freed.
@safe package final class HMACSHA256 {
  private let keyed: OpaquePointer

  /// Copies the key into OpenSSL; the caller wipes its own copy. An empty key is allowed.
  package init(key: Span<UInt8>) {
    guard let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil),
      let context = unsafe EVP_MAC_CTX_new(algorithm)
    else { fatalError("OpenSSL has no HMAC") }
    unsafe EVP_MAC_free(algorithm)
    unsafe keyed = context
    let done = unsafe key.withUnsafeBufferPointer { key in
      unsafe copenssl_start_hmac_sha256(context, key.baseAddress, key.count)
    }
    invariant(done == 1, "HMAC-SHA256 takes a key of any length")
  }

  deinit {
    unsafe EVP_MAC_CTX_free(keyed)
  }

  /// The 32 bytes of the code.
  package func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
    let found = bytes.withContiguousStorageIfAvailable { unsafe code(of: $0) }
    if let found { return found }
    return unsafe Array(bytes).withUnsafeBufferPointer { unsafe code(of: $0) }
  }

  /// The code as 64 lower-case hexadecimal digits.
  package func hexDigest(of bytes: some Collection<UInt8>) -> String {
    Hexadecimal.text(of: digest(of: bytes))
  }

  private func code(of bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    // A duplicate of the keyed context costs half of keying a new one, and leaves the first as it is.
    guard let context = unsafe EVP_MAC_CTX_dup(keyed) else { fatalError("out of memory") }
    defer { unsafe EVP_MAC_CTX_free(context) }
    var code = [UInt8](repeating: 0, count: SHA256.bytes)
    var length = 0
    let done =
      unsafe EVP_MAC_update(context, bytes.baseAddress, bytes.count) == 1
      && EVP_MAC_final(context, &code, &length, code.count) == 1
    invariant(done && length == SHA256.bytes, "a keyed HMAC context gives 32 bytes")
    return code
  }
}

/// Bytes as lower-case hexadecimal digits.
package enum Hexadecimal {
  package static func text(of bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Digits of either case, two a byte; `nil` when the text is anything else.
  package static func bytes(of text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
