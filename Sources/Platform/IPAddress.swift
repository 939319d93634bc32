package import Glibc

/// An IPv4 or IPv6 address, as its 4 or 16 bytes in network order.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  package static let loopback4 = IPAddress(bytes: [127, 0, 0, 1])
  package static let loopback6 = IPAddress(bytes: [UInt8](repeating: 0, count: 15) + [1])

  package var isIPv4: Bool { bytes.count == 4 }

  /// 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1 (RFC 4291 §2.5.3).
  package var isLoopback: Bool {
    isIPv4 ? bytes[0] == 127 : self == .loopback6
  }

  /// A literal in its usual form, without brackets or a zone; nil for anything else.
  package init?(literal text: String) {
    var four = in_addr()
    if unsafe inet_pton(AF_INET, text, &four) == 1 {
      self.init(four)
      return
    }
    var six = in6_addr()
    guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    self.init(six)
  }

  private init(_ address: in_addr) {
    bytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
  }

  private init(_ address: in6_addr) {
    bytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
  }

  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = isIPv4 ? AF_INET : AF_INET6
    let written = unsafe inet_ntop(family, bytes, &text, socklen_t(text.count))
    invariant(unsafe written != nil, "an address of 4 or 16 bytes has a text")
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

// MARK: - Socket addresses

extension IPAddress {
  /// From what getaddrinfo(3) or accept(2) gave; nil for another family.
  package init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
    switch unsafe CInt(address.pointee.sa_family) {
    case AF_INET where Int(length) >= MemoryLayout<sockaddr_in>.size:
      self = unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe IPAddress($0.pointee.sin_addr)
      }
    case AF_INET6 where Int(length) >= MemoryLayout<sockaddr_in6>.size:
      self = unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        unsafe IPAddress($0.pointee.sin6_addr)
      }
    default: return nil
    }
  }

  package var family: CInt { isIPv4 ? AF_INET : AF_INET6 }

  /// Lends this address and `port` in the form that connect(2) and bind(2) take.
  package func withSocketAddress(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    if isIPv4 {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      unsafe withUnsafeMutableBytes(of: &address.sin_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe Self.lend(&address, body)
    }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { unsafe $0.copyBytes(from: bytes) }
    return unsafe Self.lend(&address, body)
  }

  private static func lend<Address>(
    _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
}
