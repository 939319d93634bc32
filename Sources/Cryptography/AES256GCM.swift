import COpenSSL
package import Platform

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D), with a nonce of 12 bytes and a tag of 16.
///
/// A nonce must not be used twice under one key: what two messages share would show, and tags could
/// be forged.
package enum AES256GCM {
  package static let keyBytes = 32
  package static let nonceBytes = 12
  package static let tagBytes = 16

  /// Encrypts `message`, and authenticates it and `header`: the ciphertext, then its tag.
  package static func seal(
    _ message: Secret, under key: Secret, nonce: [UInt8], header: [UInt8]
  ) -> [UInt8] {
    let context = Context(encrypting: true, key: key, nonce: nonce, header: header)
    var sealed = [UInt8](repeating: 0, count: message.count)
    message.withBytes { message in
      var span = sealed.mutableSpan
      context.update(message, into: &span)
    }
    let isDone = context.finish()
    invariant(isDone, "encrypting cannot fail")
    return sealed + context.tag()
  }

  /// What was sealed; `nil` when the key, the nonce, the header or a bit of `sealed` is another one.
  package static func open(
    _ sealed: [UInt8], under key: Secret, nonce: [UInt8], header: [UInt8]
  ) -> Secret? {
    guard sealed.count >= tagBytes else { return nil }
    let context = Context(encrypting: false, key: key, nonce: nonce, header: header)
    context.expect(tag: Array(sealed.suffix(tagBytes)))
    let ciphertext = Array(sealed.dropLast(tagBytes))
    let message = Secret(count: ciphertext.count) { message in
      context.update(ciphertext.span, into: &message)
    }
    return context.finish() ? message : nil
  }
}

/// One message under OpenSSL's EVP_CIPHER_CTX, which is wiped when it is freed.
@safe private final class Context {
  private let pointer: OpaquePointer

  init(encrypting: Bool, key: Secret, nonce: [UInt8], header: [UInt8]) {
    invariant(
      key.count == AES256GCM.keyBytes && nonce.count == AES256GCM.nonceBytes,
      "the sizes of key and nonce are fixed")
    guard let context = unsafe EVP_CIPHER_CTX_new() else { fatalError("out of memory") }
    unsafe pointer = context
    let isStarted = key.withBytes { key in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe EVP_CipherInit_ex2(
          context, EVP_aes_256_gcm(), key.baseAddress, nonce, encrypting ? 1 : 0, nil) == 1
      }
    }
    invariant(isStarted, "AES-256-GCM is part of every OpenSSL")
    var length: CInt = 0
    // Without a place for the output, the input is authenticated only (EVP_EncryptInit(3)).
    let isTaken =
      unsafe header.isEmpty
      || EVP_CipherUpdate(context, nil, &length, header, CInt(header.count)) == 1
    invariant(isTaken, "a header of any length is authenticated")
  }

  deinit { unsafe EVP_CIPHER_CTX_free(pointer) }

  /// The whole message at once; `output` is as long as `input`.
  func update(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) {
    // Without a place for the output it would be taken for a part of the header.
    if input.isEmpty { return }
    var length: CInt = 0
    let isDone = unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe EVP_CipherUpdate(
          pointer, output.baseAddress, &length, input.baseAddress, CInt(input.count)) == 1
      }
    }
    invariant(isDone && Int(length) == input.count, "a stream cipher gives what it takes")
  }

  /// False when the tag is not the one that was expected.
  func finish() -> Bool {
    var rest = [UInt8](repeating: 0, count: AES256GCM.tagBytes)
    var length: CInt = 0
    let isDone = unsafe EVP_CipherFinal_ex(pointer, &rest, &length) == 1
    // A tag that does not fit is an answer and no error of ours (ERR_clear_error(3)).
    if !isDone { ERR_clear_error() }
    return isDone
  }

  func tag() -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: AES256GCM.tagBytes)
    let isRead = unsafe copenssl_gcm_read_tag(pointer, &tag, CInt(tag.count)) == 1
    invariant(isRead, "a finished message has a tag")
    return tag
  }

  func expect(tag: [UInt8]) {
    let isSet = unsafe copenssl_gcm_expect_tag(pointer, tag, CInt(tag.count)) == 1
    invariant(isSet, "a tag of 16 bytes is taken")
  }
}
