import Glibc
import Platform
import Testing
import Transport

/// A listener that knows no protocol: a test says what it does with every connection and every read.
final class RawServer {
  final class Peer {
    let number: Int
    fileprivate(set) var received: [UInt8] = []
    private let loop: EventLoop
    private var descriptor: FileDescriptor?

    fileprivate init(_ number: Int, _ descriptor: consuming FileDescriptor, _ loop: EventLoop) {
      self.number = number
      self.descriptor = consume descriptor
      self.loop = loop
    }

    deinit { close() }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// All at once: what a test sends fits the socket's buffer.
    func send(_ bytes: [UInt8]) {
      guard let socket = descriptor?.number else { return }
      let sent = unsafe Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL))
      #expect(sent == bytes.count)
    }

    /// The other side's kernel has all that was sent (tcp(7), SIOCOUTQ).
    var isAllReceived: Bool {
      guard let socket = descriptor?.number else { return true }
      var waiting: CInt = 0
      return unsafe ioctl(socket, UInt(TIOCOUTQ), &waiting) == 0 && waiting == 0
    }

    func close() {
      guard let socket = descriptor?.number else { return }
      loop.deregister(socket)
      descriptor = nil
    }

    fileprivate func watch(_ readable: @escaping (Peer) -> Void) throws {
      guard let socket = descriptor?.number else { return }
      try loop.register(socket, .read) { [weak self] _ in
        guard let self else { return }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(socket, &bytes, bytes.count, CInt(MSG_DONTWAIT))
        if count > 0 {
          received += bytes.prefix(count)
          readable(self)
        } else if count == 0 {
          loop.deregister(socket)
        }
      }
    }
  }

  let port: UInt16
  private(set) var peers: [Peer] = []
  private let loop: EventLoop
  private var listener: FileDescriptor?

  /// `connected` is called for every connection, `readable` after every read.
  init(
    _ loop: EventLoop, port: UInt16 = 0, readable: @escaping (Peer) -> Void = { _ in },
    backlog: CInt = 16, accepts: Bool = true, connected: @escaping (Peer) -> Void = { _ in }
  ) throws {
    self.loop = loop
    let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let listener = FileDescriptor(owning: socket)
    var on: CInt = 1
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    address.sin_port = port.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        // Without it the connections that it ends keep the port from others for a minute.
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
          == 0 && bind(socket, address, length) == 0 && listen(socket, backlog) == 0
          && getsockname(socket, address, &length) == 0
      }
    }
    try #require(done)
    self.port = UInt16(bigEndian: address.sin_port)
    self.listener = consume listener
    guard accepts else { return }
    try loop.register(socket, .read) { [weak self] _ in
      guard let self else { return }
      let number = accept(socket, nil, nil)
      let peer = Peer(peers.count, FileDescriptor(owning: number), loop)
      peers.append(peer)
      try? peer.watch(readable)
      connected(peer)
    }
  }

  deinit { close() }

  /// Connections that take all places of the queue as long as they are held: connect(2) sends the
  /// request before it returns.
  func fill() throws -> [RawClient] {
    try (0..<6).map { _ in try RawClient(loop, port: port, reads: false, waits: false) }
  }

  func close() {
    for peer in peers { peer.close() }
    guard let socket = listener?.number else { return }
    loop.deregister(socket)
    listener = nil
  }
}
