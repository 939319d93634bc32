package import Platform

/// Where the daemon offers a page: a port of this machine alone, or a Unix socket.
package enum ListenAddress: Hashable, Sendable {
  case port(IPAddress, UInt16)
  case unix(String)

  /// `127.0.0.1:9464`, `[::1]:9464` or `unix:/path`; `nil` for anything else, addresses that other
  /// machines reach included.
  package init?(_ text: String) {
    if text.hasPrefix(Self.unixPrefix) {
      let path = String(text.dropFirst(Self.unixPrefix.count))
      guard path.hasPrefix("/") else { return nil }
      self = .unix(path)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = Self.port(text[text.index(after: colon)...]),
      let address = Self.address(text[..<colon]), address.isLoopback
    else { return nil }
    self = .port(address, port)
  }

  static let unixPrefix = "unix:"

  private static func port(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
  }

  /// An IPv6 address stands in brackets, which keep its colons from the port's (RFC 3986 §3.2.2).
  private static func address(_ text: Substring) -> IPAddress? {
    if text == "localhost" { return .loopback4 }
    if text.hasPrefix("["), text.hasSuffix("]") {
      return IPAddress(literal: String(text.dropFirst().dropLast())).flatMap {
        $0.isIPv4 ? nil : $0
      }
    }
    return IPAddress(literal: String(text)).flatMap { $0.isIPv4 ? $0 : nil }
  }

  package var text: String {
    switch self {
    case .port(let address, let port): (address.isIPv4 ? "\(address)" : "[\(address)]") + ":\(port)"
    case .unix(let path): Self.unixPrefix + path
    }
  }

  /// The path of the Unix socket; `nil` for a port.
  package var path: String? {
    switch self {
    case .port: nil
    case .unix(let path): path
    }
  }
}
