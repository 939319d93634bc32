import Glibc
import Platform
import Testing

/// A client that sends what a test says, and keeps all that comes.
final class RawClient {
  private(set) var received: [UInt8] = []
  private(set) var isEnded = false
  private let loop: EventLoop
  private let socket: FileDescriptor

  init(_ loop: EventLoop, port: UInt16, reads: Bool = true, waits: Bool = true) throws {
    self.loop = loop
    let options = SOCK_CLOEXEC.rawValue | (waits ? 0 : SOCK_NONBLOCK.rawValue)
    let number = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | options), 0)
    socket = FileDescriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    address.sin_port = port.bigEndian
    let connected = unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0 || (!waits && errno == EINPROGRESS))
    if reads { try read() }
  }

  deinit { loop.deregister(socket.number) }

  func read() throws {
    let number = socket.number
    try loop.register(number, .read) { [weak self] _ in
      guard let self else { return }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = unsafe recv(number, &bytes, bytes.count, CInt(MSG_DONTWAIT))
      if count > 0 {
        received += bytes.prefix(count)
      } else {
        isEnded = true
        loop.deregister(number)
      }
    }
  }

  /// Reads so many bytes at once, without a turn of the loop.
  func take(_ count: Int) {
    var bytes = [UInt8](repeating: 0, count: count)
    let taken = unsafe recv(socket.number, &bytes, count, CInt(MSG_WAITALL))
    #expect(taken == count)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// All at once: what a test sends fits the socket's buffer.
  func send(_ bytes: [UInt8]) {
    let sent = unsafe Glibc.send(socket.number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    #expect(sent == bytes.count)
  }

  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      socket.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    loop.deregister(socket.number)
    // connect(2): AF_UNSPEC dissolves the association, here with a reset.
    var nobody = sockaddr()
    nobody.sa_family = sa_family_t(AF_UNSPEC)
    _ = unsafe connect(socket.number, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
  }

  var text: String { String(decoding: received, as: UTF8.self) }
}
