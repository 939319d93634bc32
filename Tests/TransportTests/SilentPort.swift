import Glibc
import Platform

/// A loopback port on which nobody listens, kept from everybody else: a port that was only let go of
/// may be given to another connection at once. A server that sets SO_REUSEADDR can still listen on it
/// (socket(7)).
final class SilentPort {
  let number: UInt16
  private let socket: FileDescriptor

  init() throws {
    let made = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard made >= 0 else { throw SystemError.last("socket") }
    socket = FileDescriptor(owning: made)
    var on: CInt = 1
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
        unsafe setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
          == 0 && bind(made, general, length) == 0 && getsockname(made, general, &length) == 0
      }
    }
    guard isBound else { throw SystemError.last("bind") }
    number = UInt16(bigEndian: address.sin_port)
  }
}
