import Domain
import Glibc
package import Platform

/// An HTTP/1.1 server for this machine: it answers in order, keeps connections alive, and can
/// misbehave on request, as a simulated exchange does. Belongs to its loop's thread.
package final class HTTPServer {
  package typealias Handler = (ReceivedRequest, Responder) -> Void

  package struct Configuration: Sendable {
    /// A test's burst and a few strangers; more wait in the kernel's queue until one is gone.
    package var maximumConnections = 256
    /// Whoever comes when all connections are taken gets the one that has been quiet for longest.
    package var replacesQuietConnections = false
    /// From the first byte of a request, or of the handshake, to its end.
    package var requestDeadline: Duration = .seconds(10)
    package var idleMaximum: Duration = .seconds(120)
    package var limits = HTTPLimits()

    package init() {}
  }

  /// The port that the kernel gave, when 0 was asked for; 0 for a Unix socket.
  package let port: UInt16

  private let loop: EventLoop
  private let tls: TLSContext?
  private let configuration: Configuration
  private let handler: Handler
  private var listener: FileDescriptor?
  private var connections: [ObjectIdentifier: ServerConnection] = [:]
  private var acceptedCount = 0
  private var isAccepting = false

  /// Without room for another connection, listening pauses for this long.
  private static let acceptPause: Duration = .milliseconds(100)
  private static let backlog: CInt = 128

  /// Listens at once. `tls` is a server context or nil; `address` must be a loopback address.
  /// Throws when the port cannot be listened on.
  package convenience init(
    loop: EventLoop, address: IPAddress = .loopback4, port: UInt16, tls: TLSContext?,
    configuration: Configuration = Configuration(), handler: @escaping Handler
  ) throws(SystemError) {
    try self.init(
      loop: loop, listener: Self.listen(address, port), tls: tls, configuration: configuration,
      handler: handler)
  }

  /// Serves a stream socket that already listens, of whatever family. Throws when the loop does not
  /// take it.
  package init(
    loop: EventLoop, listener: consuming FileDescriptor, tls: TLSContext? = nil,
    configuration: Configuration = Configuration(), handler: @escaping Handler
  ) throws(SystemError) {
    invariant(tls.map { $0.role == .server } ?? true, "a server has a server's TLS context")
    self.loop = loop
    self.tls = tls
    self.configuration = configuration
    self.handler = handler
    let number = listener.number
    port = try Self.port(of: number)
    self.listener = consume listener
    try loop.register(number, .read) { [weak self] _ in self?.accept(on: number) }
    isAccepting = true
  }

  deinit {
    if let number = listener?.number { loop.deregister(number) }
  }

  /// Drops every connection and frees the port.
  package func close() {
    guard let number = listener?.number else { return }
    loop.deregister(number)
    listener = nil
    for connection in connections.values { connection.close() }
    connections = [:]
  }

  package var openConnections: Int { connections.count }

  /// Throws when the port cannot be listened on.
  package static func listen(
    _ address: IPAddress, _ port: UInt16
  ) throws(SystemError) -> FileDescriptor {
    invariant(address.isLoopback, "the server is for this machine only")
    let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = socket(address.family, type, 0)
    guard number >= 0 else { throw .last("socket") }
    let descriptor = FileDescriptor(owning: number)
    SocketOptions.set(number, SOL_SOCKET, SO_REUSEADDR)
    let bound = unsafe address.withSocketAddress(port: port) { unsafe bind(number, $0, $1) }
    guard bound == 0 else { throw .last("bind", "\(address) port \(port)") }
    guard Glibc.listen(number, backlog) == 0 else { throw .last("listen", "port \(port)") }
    return descriptor
  }

  /// The port of a socket; 0 for one that has none. Throws when it is no socket.
  package static func port(of socket: CInt) throws(SystemError) -> UInt16 {
    var port: UInt16 = 0
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { storage in
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let result = unsafe getsockname(socket, address, &length)
        port = unsafe SocketPort.of(address)
        return result
      }
    }
    guard result == 0 else { throw .last("getsockname") }
    return port
  }

  private func accept(on listener: CInt) {
    while isRoomLeft || longestQuiet != nil {
      guard let descriptor = acceptOne(listener) else { return }
      if !isRoomLeft { longestQuiet?.close() }
      add(descriptor)
    }
    pauseAccepting()
    // Nobody says when a connection becomes quiet.
    if configuration.replacesQuietConnections { resumeLater() }
  }

  private var isRoomLeft: Bool { connections.count < configuration.maximumConnections }

  /// The connection that may be closed for another.
  private var longestQuiet: ServerConnection? {
    guard configuration.replacesQuietConnections else { return nil }
    let quiet = connections.values.compactMap { connection in
      connection.quietSince.map { (since: $0, connection: connection) }
    }
    return quiet.min { $0.since < $1.since }?.connection
  }

  private func acceptOne(_ listener: CInt) -> CInt? {
    let number = retryingInterrupts { Glibc.accept(listener, nil, nil) }
    if number >= 0 { return number }
    switch errno {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM:
      // The connection stays in the queue and keeps the listener readable (accept(2)).
      pauseAccepting()
      resumeLater()
    default: break
    }
    return nil
  }

  private func resumeLater() {
    loop.schedule(at: loop.now.advanced(by: Self.acceptPause)) { [weak self] in
      self?.resumeAccepting()
    }
  }

  private func add(_ number: CInt) {
    acceptedCount += 1
    let descriptor = FileDescriptor(owning: number)
    // accept(2) on Linux hands no flags on.
    guard fcntl(number, F_SETFL, O_NONBLOCK) == 0, fcntl(number, F_SETFD, FD_CLOEXEC) == 0
    else { return }
    SocketOptions.set(number, SocketOptions.tcp, TCP_NODELAY)
    guard let stream = try? ByteStream(owning: descriptor, tls: tls, host: nil),
      let connection = try? ServerConnection(
        loop: loop, stream: stream, number: acceptedCount, configuration: configuration,
        handler: handler,
        closed: { [weak self] in self?.remove($0) })
    else { return }
    connections[ObjectIdentifier(connection)] = connection
  }

  private func remove(_ connection: ServerConnection) {
    connections[ObjectIdentifier(connection)] = nil
    resumeAccepting()
  }

  private func pauseAccepting() {
    guard isAccepting, let number = listener?.number else { return }
    isAccepting = false
    loop.change(number, to: [])
  }

  private func resumeAccepting() {
    guard !isAccepting, let number = listener?.number else { return }
    isAccepting = true
    loop.change(number, to: .read)
  }
}

enum SocketPort {
  static func of(_ address: UnsafePointer<sockaddr>) -> UInt16 {
    switch unsafe CInt(address.pointee.sa_family) {
    case AF_INET:
      unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe UInt16(bigEndian: $0.pointee.sin_port)
      }
    case AF_INET6:
      unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        unsafe UInt16(bigEndian: $0.pointee.sin6_port)
      }
    default: 0
    }
  }
}
