import COpenSSL
import Platform
import Synchronization

package enum Digest {
  /// The 32 bytes of SHA-256. Nobody waits for another thread's.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    SHA256.shared.withLockIfAvailable { $0.digest(of: bytes) } ?? SHA256().digest(of: bytes)
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

/// A context that is used again and again: one of its own for every message costs more than a short
/// message itself.
@safe private struct SHA256: ~Copyable {
  static let bytes = 32
  static let shared = Mutex(SHA256())

  /// Has begun and has taken nothing: to copy it costs less than to begin anew.
  private let begun: OpaquePointer
  private let context: OpaquePointer

  init() {
    // EVP_sha256() would be looked up anew with every use (crypto(7), "Performance").
    guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil),
      let begun = unsafe EVP_MD_CTX_new(), let context = unsafe EVP_MD_CTX_new(),
      unsafe EVP_DigestInit_ex(begun, algorithm, nil) == 1
    else { fatalError("out of memory") }
    unsafe EVP_MD_free(algorithm)
    unsafe self.begun = unsafe begun
    unsafe self.context = unsafe context
  }

  deinit {
    unsafe EVP_MD_CTX_free(context)
    unsafe EVP_MD_CTX_free(begun)
  }

  func digest(of bytes: [UInt8]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.bytes) { digest, count in
      let done =
        unsafe EVP_MD_CTX_copy_ex(context, begun) == 1
        && EVP_DigestUpdate(context, bytes, bytes.count) == 1
        && EVP_DigestFinal_ex(context, digest.baseAddress, nil) == 1
      invariant(done, "SHA-256 is part of every OpenSSL")
      count = Self.bytes
    }
  }
}

/// HMAC-SHA256 (RFC 2104) under one key. The key lives in OpenSSL's context only, which wipes it when
/// it is freed.
@safe package final class HMACSHA256 {
  private let keyed: OpaquePointer

  /// Those before it do not begin a HMAC anew under the key that it has (OpenSSL's CHANGES, 3.0.3). In
  /// the form of OpenSSL_version_num(3).
  private static let leastVersion: UInt = 0x3000_0030

  /// Copies the key into OpenSSL; the caller wipes its own copy. An empty key is allowed.
  package init(key: Span<UInt8>) {
    guard OpenSSL_version_num() >= Self.leastVersion else {
      let version = unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
      fatalError("OpenSSL 3.0.3 or later is needed, and this is \(version)")
    }
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
    let code = code(of: bytes)
    return code.indices.map { code[$0] }
  }

  /// The code as 64 lower-case hexadecimal digits.
  package func hexDigest(of bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    Hexadecimal.append(code(of: bytes).span, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The code, without asking for memory of Swift's.
  package func code(of bytes: Span<UInt8>) -> InlineArray<32, UInt8> {
    unsafe bytes.withUnsafeBufferPointer { unsafe code(of: $0) }
  }

  private func code(of bytes: some Collection<UInt8>) -> InlineArray<32, UInt8> {
    bytes.withContiguousStorageIfAvailable { unsafe code(of: $0) } ?? code(of: Array(bytes).span)
  }

  private func code(of bytes: UnsafeBufferPointer<UInt8>) -> InlineArray<32, UInt8> {
    var code = InlineArray<32, UInt8>(repeating: 0)
    var span = code.mutableSpan
    var length = 0
    let done = unsafe span.withUnsafeMutableBufferPointer { code in
      // EVP_MAC_init(3): without a key the context begins anew under the one that it has.
      unsafe EVP_MAC_init(keyed, nil, 0, nil) == 1
        && EVP_MAC_update(keyed, bytes.baseAddress, bytes.count) == 1
        && EVP_MAC_final(keyed, code.baseAddress, &length, code.count) == 1
    }
    invariant(done && length == SHA256.bytes, "a keyed HMAC context gives 32 bytes")
    return code
  }
}

/// Bytes as lower-case hexadecimal digits.
package enum Hexadecimal {
  package static func text(of bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    append(bytes.span, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  package static func append(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
    text.append(addingCapacity: 2 * bytes.count) { text in
      for index in bytes.indices {
        text.append(digit(bytes[index] >> 4))
        text.append(digit(bytes[index] & 15))
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
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
