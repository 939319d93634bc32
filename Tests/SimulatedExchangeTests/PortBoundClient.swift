import Glibc
import Platform
import Testing

/// A connection to a loopback port, from a port of one's choice.
final class PortBoundClient {
  let port: UInt16
  private let socket: FileDescriptor

  /// Port 0 lets the kernel choose.
  init(_ port: UInt16, to server: UInt16) throws {
    let number = Glibc.socket(
      AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    socket = FileDescriptor(owning: number)
    var own = Self.address(port)
    try #require(unsafe Self.with(&own) { unsafe bind(number, $0, $1) } == 0)
    var other = Self.address(server)
    try #require(unsafe Self.with(&other) { unsafe connect(number, $0, $1) } == 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try #require(
      unsafe Self.with(&own) { address, _ in unsafe getsockname(number, address, &length) } == 0)
    self.port = UInt16(bigEndian: own.sin_port)
  }

  /// What comes first of the answer; `run` lets the server work until there is some.
  func ping(_ run: (() -> Bool) throws -> Void) throws -> String {
    let request = Array("GET /api/v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
    let sent = unsafe send(socket.number, request, request.count, CInt(MSG_NOSIGNAL))
    #expect(sent == request.count)
    var answer = [UInt8](repeating: 0, count: 4_096)
    var count = 0
    try run {
      count = unsafe recv(socket.number, &answer, answer.count, CInt(MSG_DONTWAIT))
      return count > 0
    }
    return String(decoding: answer.prefix(count), as: UTF8.self)
  }

  /// Leaves the port to the next one at once.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      socket.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    // connect(2): AF_UNSPEC dissolves the association, here with a reset.
    var nobody = sockaddr_in()
    nobody.sin_family = sa_family_t(AF_UNSPEC)
    _ = unsafe Self.with(&nobody) { unsafe connect(socket.number, $0, $1) }
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    return address
  }

  private static func with(
    _ address: inout sockaddr_in, _ call: (UnsafeMutablePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
