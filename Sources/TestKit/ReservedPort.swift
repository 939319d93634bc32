import Glibc
import Platform

/// A port on which nobody listens, kept from everybody else: one that was only let go of may be given to
/// another program at once, and one that is free on an address may be taken on another. A server that
/// sets SO_REUSEADDR can still listen on it (socket(7)).
package final class ReservedPort {
  package let number: UInt16
  private let sockets: [Socket]

  /// The same number on every address. Throws when there is none.
  package init(on addresses: [String] = ["127.0.0.1"]) throws {
    let addresses = try addresses.map { text in
      guard let address = IPAddress(literal: text) else { throw Unusable("no address: \(text)") }
      return address
    }
    for _ in 0..<100 {
      guard let found = try Self.bind(addresses) else { continue }
      (number, sockets) = found
      return
    }
    throw Unusable("no port is free on all of \(addresses)")
  }

  /// Nil when another program has the number on one of the addresses.
  private static func bind(_ addresses: [IPAddress]) throws -> (UInt16, [Socket])? {
    var number: UInt16 = 0
    var sockets: [Socket] = []
    for address in addresses {
      let made = socket(address.family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      guard made >= 0 else { throw SystemError.last("socket") }
      sockets.append(Socket(made))
      var on: CInt = 1
      guard
        unsafe setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
          == 0
      else { throw SystemError.last("setsockopt") }
      let bound = unsafe address.withSocketAddress(port: number) { unsafe Glibc.bind(made, $0, $1) }
      if bound != 0 {
        guard errno == EADDRINUSE else { throw SystemError.last("bind", "\(address)") }
        return nil
      }
      if number == 0 { number = try port(of: made) }
    }
    return (number, sockets)
  }

  /// An array cannot hold what cannot be copied.
  private final class Socket {
    private let descriptor: FileDescriptor

    init(_ number: CInt) { descriptor = FileDescriptor(owning: number) }
  }

  /// In all families the port stands at the same place (sockaddr_in, sockaddr_in6).
  private static func port(of socket: CInt) throws -> UInt16 {
    var address = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(socket, $0, &length)
      }
    }
    guard result == 0 else { throw SystemError.last("getsockname") }
    return UInt16(bigEndian: address.sin6_port)
  }
}
