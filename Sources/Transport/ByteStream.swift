import COpenSSL
import Glibc
import Platform

/// A connected non-blocking socket, plain or under TLS. Every call does what can be done now and says
/// what it waits for. Closes the socket when it goes away.
@safe final class ByteStream {
  enum Failure: Error, Hashable {
    case system(SystemError)
    case tls(TLSFailure)
    /// The peer's end came where TLS did not announce it.
    case truncated
  }

  enum Transfer {
    /// At least one.
    case bytes(Int)
    case wait(EventLoop.Interest)
    /// The peer will send nothing more, in good order.
    case end
    case failed(Failure)
  }

  enum Handshake {
    case done
    case wait(EventLoop.Interest)
    case failed(Failure)
  }

  let descriptor: CInt
  private let session: OpaquePointer?
  private var isBroken = false

  /// Takes ownership of the descriptor. Nil `tls` makes a plain stream.
  init(owning descriptor: consuming FileDescriptor, tls: TLSContext?, host: Endpoint.Host?)
    throws(Failure)
  {
    if let tls {
      guard let session = unsafe tls.makeSession(descriptor.number, host: host)
      else { throw .tls(.other(TLSFailure.drainQueue()?.text ?? "no session")) }
      unsafe self.session = session
    } else {
      unsafe session = nil
    }
    self.descriptor = descriptor.release()
  }

  deinit {
    if let session = unsafe session { unsafe SSL_free(session) }
    close(descriptor)
  }

  var isTLS: Bool { unsafe session != nil }

  /// Goes on with the handshake; a plain stream has none.
  func handshake() -> Handshake {
    guard let session = unsafe session else { return .done }
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(session)
    if result == 1 { return verified() }
    switch classify(result) {
    case .wait(let interest): return .wait(interest)
    case .failed(let failure): return .failed(unsafe certificateFailure(session) ?? failure)
    case .end, .bytes: return .failed(.truncated)
    }
  }

  /// OpenSSL has stopped the handshake if the check failed; this asks once more before a byte leaves.
  private func verified() -> Handshake {
    guard let session = unsafe session, unsafe SSL_is_server(session) == 0 else { return .done }
    if let failure = unsafe certificateFailure(session) { return .failed(failure) }
    guard unsafe SSL_get0_peer_certificate(session) != nil
    else { return .failed(.tls(.certificateUntrusted)) }
    return .done
  }

  private func certificateFailure(_ session: OpaquePointer) -> Failure? {
    unsafe TLSFailure(verification: SSL_get_verify_result(session)).map(Failure.tls)
  }

  /// Reads into the front of `buffer`, which is not empty.
  func read(into buffer: inout [UInt8]) -> Transfer {
    guard let session = unsafe session else {
      let descriptor = descriptor
      let count = unsafe buffer.withUnsafeMutableBytes { buffer in
        retryingInterrupts { unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0) }
      }
      return plain(count, waitingFor: .read, call: "recv")
    }
    ERR_clear_error()
    var count = 0
    let result = unsafe SSL_read_ex(session, &buffer, buffer.count, &count)
    return result == 1 ? .bytes(count) : classify(result)
  }

  /// Writes what goes of `bytes` from `start` on; there is at least one.
  func write(_ bytes: [UInt8], from start: Int) -> Transfer {
    let descriptor = descriptor
    return unsafe bytes.withUnsafeBytes { bytes in
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
      guard let session = unsafe session else {
        let count = retryingInterrupts {
          unsafe send(descriptor, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
        }
        return plain(count, waitingFor: .write, call: "send")
      }
      ERR_clear_error()
      var count = 0
      let result = unsafe SSL_write_ex(session, rest.baseAddress, rest.count, &count)
      return result == 1 ? .bytes(count) : classify(result)
    }
  }

  /// What a read would find now, without taking it. `wait(.read)` is a quiet, living connection.
  func peek() -> Transfer {
    let arrived = peekAtSocket()
    guard let session = unsafe session else { return arrived }
    if !hasFetchedBytes {
      switch arrived {
      // TLS has nothing to say either, and takes longer to say it.
      case .wait: return arrived
      // The socket tells its error once (socket(7), SO_ERROR).
      case .failed:
        isBroken = true
        return arrived
      case .bytes, .end: break
      }
    }
    ERR_clear_error()
    var byte: UInt8 = 0
    var count = 0
    let result = unsafe SSL_peek_ex(session, &byte, 1, &count)
    return result == 1 ? .bytes(count) : classify(result)
  }

  private func peekAtSocket() -> Transfer {
    let descriptor = descriptor
    var byte: UInt8 = 0
    let count = retryingInterrupts { unsafe recv(descriptor, &byte, 1, CInt(MSG_PEEK)) }
    return plain(count, waitingFor: .read, call: "recv")
  }

  /// Whether bytes were fetched from the socket and not read yet; the loop cannot see those.
  var hasFetchedBytes: Bool {
    guard let session = unsafe session else { return false }
    return unsafe SSL_has_pending(session) == 1
  }

  /// Says that nothing more will be sent: close_notify, then FIN. Neither waits.
  func finishWriting() {
    // SSL_shutdown(3): not after a fatal error, nor inside a handshake.
    if let session = unsafe session, !isBroken, unsafe SSL_is_init_finished(session) == 1 {
      ERR_clear_error()
      _ = unsafe SSL_shutdown(session)
      ERR_clear_error()
    }
    _ = shutdown(descriptor, CInt(SHUT_WR))
  }

  /// Makes the coming close a reset: what is unsent is dropped (socket(7), SO_LINGER of 0 seconds).
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  private func plain(
    _ count: Int, waitingFor interest: EventLoop.Interest, call: SystemError.StaticName
  ) -> Transfer {
    if count > 0 { return .bytes(count) }
    if count == 0 { return .end }
    if errno == EAGAIN || errno == EWOULDBLOCK { return .wait(interest) }
    return .failed(.system(.last(call)))
  }

  /// SSL_get_error(3), right after the call, with the error queue clear before it.
  private func classify(_ result: CInt) -> Transfer {
    let number = errno
    switch unsafe SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ: return .wait(.read)
    case SSL_ERROR_WANT_WRITE: return .wait(.write)
    case SSL_ERROR_ZERO_RETURN: return .end
    case SSL_ERROR_SYSCALL:
      isBroken = true
      ERR_clear_error()
      return .failed(number == 0 ? .truncated : .system(SystemError("SSL", number: number)))
    default:
      isBroken = true
      guard let error = TLSFailure.drainQueue() else { return .failed(.tls(.other("no reason"))) }
      return .failed(error.isUnexpectedEnd ? .truncated : .tls(error.failure))
    }
  }
}
