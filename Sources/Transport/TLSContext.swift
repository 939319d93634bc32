import COpenSSL
import Glibc
import Platform

/// The rules that TLS connections of one kind share: versions, trust, own certificate.
@safe package final class TLSContext {
  package enum Trust: Hashable, Sendable {
    /// The authorities in the places compiled into the system's OpenSSL. The environment variables
    /// that could point elsewhere are not looked at.
    case system
    /// Only the authorities of this PEM file.
    case file(String)
  }

  /// Why no context could be made.
  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path, and OpenSSL's words.
    case trustUnreadable(String, String)
    case certificateUnreadable(String, String)
    case keyUnreadable(String, String)

    package var description: String {
      switch self {
      case .trustUnreadable(let path, let reason):
        "the trusted certificates in \(path) cannot be used: \(reason)"
      case .certificateUnreadable(let path, let reason):
        "the certificate \(path) cannot be used: \(reason)"
      case .keyUnreadable(let path, let reason): "the key \(path) cannot be used: \(reason)"
      }
    }
  }

  enum Role {
    case client, server
  }

  let role: Role
  /// Of a client's.
  private let trust: Trust?
  private var context: OpaquePointer

  /// For connections to servers: chain and host name are verified, always. Throws when the trusted
  /// certificates cannot be read.
  package init(client trust: Trust) throws(Failure) {
    role = .client
    self.trust = trust
    unsafe context = Self.make(.client)
    switch trust {
    case .system: try trustSystem()
    case .file(let path):
      guard unsafe SSL_CTX_load_verify_file(context, path) == 1
      else { throw .trustUnreadable(path, Self.reason()) }
    }
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    // RFC 7301: a server that speaks several protocols on this port must choose HTTP/1.1.
    let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
    let refused = unsafe SSL_CTX_set_alpn_protos(context, protocols, CUnsignedInt(protocols.count))
    invariant(refused == 0, "a protocol list of nine bytes is well-formed")
  }

  /// For connections from clients, with this PEM certificate (chain) and its key. Throws when they
  /// cannot be read or do not belong together.
  package init(serverCertificate certificate: String, key: String) throws(Failure) {
    role = .server
    trust = nil
    unsafe context = Self.make(.server)
    guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1
    else { throw .certificateUnreadable(certificate, Self.reason()) }
    guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1
    else { throw .keyUnreadable(key, Self.reason()) }
  }

  deinit {
    unsafe SSL_CTX_free(context)
  }

  /// Reads the file of trusted authorities again, where there is one: for connections that are made from
  /// here on. Throws when it cannot be read; then what was read before still counts.
  package func renew() throws(Failure) {
    guard case .file(let path)? = trust else { return }
    let renewed = try TLSContext(client: .file(path))
    let former = unsafe context
    unsafe context = unsafe renewed.context
    // Goes with the other object. OpenSSL keeps it for the sessions that were made from it.
    unsafe renewed.context = unsafe former
  }

  private static func make(_ role: Role) -> OpaquePointer {
    // OpenSSL writes with write(2), which answers a vanished peer with SIGPIPE where no flag can
    // forbid it; the error that it also returns is all that we want.
    signal(SIGPIPE, SIG_IGN)
    // What is trusted and spoken is decided here, not by a file that OPENSSL_CONF points to.
    let started = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG), nil)
    invariant(started == 1, "OpenSSL starts")
    ERR_clear_error()
    let method = unsafe role == .client ? TLS_client_method() : TLS_server_method()
    guard let context = unsafe SSL_CTX_new(method) else {
      fatalError("OpenSSL: \(reason())")
    }
    invariant(
      unsafe copenssl_set_minimum_version_tls12(context) == 1, "OpenSSL speaks TLS 1.2")
    unsafe copenssl_set_hardening(context)
    unsafe copenssl_set_stream_modes(context)
    return unsafe context
  }

  private func trustSystem() throws(Failure) {
    // Distributions fill one or the other; the folder is searched only when a chain is checked.
    let file = unsafe SSL_CTX_load_verify_file(context, X509_get_default_cert_file())
    let folder = unsafe SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir())
    let reason = Self.reason()
    guard file == 1 || folder == 1 else {
      throw unsafe .trustUnreadable(String(cString: X509_get_default_cert_dir()), reason)
    }
  }

  private static func reason() -> String {
    TLSFailure.drainQueue()?.text ?? "no reason given"
  }

  /// A session over a connected socket; for a client, bound to the host that it must prove to be.
  func makeSession(_ descriptor: CInt, host: Endpoint.Host?) -> OpaquePointer? {
    ERR_clear_error()
    guard let session = unsafe SSL_new(context) else { return nil }
    guard unsafe SSL_set_fd(session, descriptor) == 1, unsafe bind(session, to: host) else {
      unsafe SSL_free(session)
      return nil
    }
    return unsafe session
  }

  private func bind(_ session: OpaquePointer, to host: Endpoint.Host?) -> Bool {
    switch role {
    case .server:
      unsafe SSL_set_accept_state(session)
      return true
    case .client:
      unsafe SSL_set_connect_state(session)
      unsafe SSL_set_hostflags(
        session,
        CUnsignedInt(
          X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
      switch host {
      case .name(let name):
        return unsafe SSL_set1_host(session, name) == 1
          && copenssl_set_server_name(session, name) == 1
      case .address(let address):
        // RFC 6066 §3: no address in the server name extension.
        return unsafe X509_VERIFY_PARAM_set1_ip(
          SSL_get0_param(session), address.bytes, address.bytes.count) == 1
      case nil:
        return false
      }
    }
  }
}
