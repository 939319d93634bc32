/// Where a client talks to: scheme, host, port and a path that goes before every target.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  package enum Scheme: String, Hashable, Sendable {
    case http, https
    /// A WebSocket (RFC 6455 §3).
    case ws, wss

    package var isSecure: Bool {
      switch self {
      case .http, .ws: false
      case .https, .wss: true
      }
    }

    package var isWebSocket: Bool {
      switch self {
      case .http, .https: false
      case .ws, .wss: true
      }
    }

    package var defaultPort: UInt16 { isSecure ? 443 : 80 }
  }

  package enum Host: Hashable, Sendable {
    /// Lower-case letters, digits, `-`, `_` and dots.
    case name(String)
    case address(IPAddress)
  }

  package let scheme: Scheme
  package let host: Host
  package let port: UInt16
  /// Empty, or a path that begins with `/` and does not end with one.
  package let prefix: String

  /// Why a text is no endpoint; one sentence each in `description`.
  package enum Flaw: Error, Hashable, Sendable, CustomStringConvertible {
    case schemeMissing
    case schemeUnknown
    /// `http://` to a host that is not this machine.
    case plainToRemoteHost
    case hostInvalid
    case portInvalid
    case prefixInvalid
    case userInformationRefused

    package var description: String {
      switch self {
      case .schemeMissing: "a URL begins with its scheme, as https:// or wss://"
      case .schemeUnknown: "the scheme is not spoken here; use https://, or wss:// for a stream"
      case .plainToRemoteHost:
        "http:// is accepted only for 127.0.0.0/8, [::1] and localhost; use https://"
      case .hostInvalid: "the host is neither a name nor an IP address"
      case .portInvalid: "the port is a number from 1 to 65535"
      case .prefixInvalid: "the path may hold only visible ASCII, without ? or #"
      case .userInformationRefused: "a user name or password in a URL is not accepted"
      }
    }
  }

  /// Reads `https://host[:port][/prefix]`, and `http://` for this machine. Throws what is wrong with
  /// it.
  package init(_ text: String) throws(Flaw) {
    try self.init(text, isWebSocket: false)
    guard scheme.isSecure || isThisMachine else { throw .plainToRemoteHost }
  }

  /// Reads `wss://host[:port][/prefix]` or `ws://…`, to any host. Throws what is wrong with it.
  package init(webSocket text: String) throws(Flaw) {
    try self.init(text, isWebSocket: true)
  }

  private init(_ text: String, isWebSocket: Bool) throws(Flaw) {
    guard let mark = text.firstRange(of: "://") else { throw .schemeMissing }
    guard let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased()),
      scheme.isWebSocket == isWebSocket
    else { throw .schemeUnknown }
    let rest = text[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.contains("@") else { throw .userInformationRefused }
    let (host, port) = try Self.split(authority)
    self.host = try Self.host(host)
    self.scheme = scheme
    self.port = try Self.port(port) ?? scheme.defaultPort
    prefix = try Self.prefix(rest[authority.endIndex...])
  }

  /// Whether it is on this machine, by an address or a name that is nowhere else.
  package var isThisMachine: Bool {
    switch host {
    case .name(let name): name == "localhost"
    case .address(let address): address.isLoopback
    }
  }

  /// What the Host field says (RFC 9110 §7.2): the port only when it is not the scheme's own.
  package var authority: String {
    let port = port == scheme.defaultPort ? "" : ":\(port)"
    switch host {
    case .name(let name): return name + port
    case .address(let address):
      return (address.isIPv4 ? address.description : "[\(address)]") + port
    }
  }

  package var description: String { "\(scheme.rawValue)://\(authority)\(prefix)" }
}

extension Endpoint {
  /// RFC 1035 §2.3.4: the longest name and the longest label.
  private static let nameMaximum = 253
  private static let labelMaximum = 63

  private static func split(
    _ authority: Substring
  ) throws(Flaw) -> (host: Substring, port: Substring?) {
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { throw .hostInvalid }
      let host = authority[...end]
      let rest = authority[authority.index(after: end)...]
      if rest.isEmpty { return (host, nil) }
      guard rest.first == ":" else { throw .hostInvalid }
      return (host, rest.dropFirst())
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    switch parts.count {
    case 1: return (parts[0], nil)
    case 2: return (parts[0], parts[1])
    // An IPv6 address without its brackets.
    default: throw .hostInvalid
    }
  }

  private static func host(_ text: Substring) throws(Flaw) -> Host {
    if text.first == "[" {
      guard let address = IPAddress(literal: String(text.dropFirst().dropLast())), !address.isIPv4
      else { throw .hostInvalid }
      return .address(address)
    }
    if let address = IPAddress(literal: String(text)) { return .address(address) }
    guard (1...nameMaximum).contains(text.utf8.count) else { throw .hostInvalid }
    let name = text.lowercased()
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    for label in labels {
      guard (1...labelMaximum).contains(label.utf8.count), label.utf8.allSatisfy(isNameByte)
      else { throw .hostInvalid }
    }
    // `127.1` or `256.1.1.1`: some resolvers would take it for an address.
    guard let last = labels.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { throw .hostInvalid }
    return .name(name)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7A, 0x30...0x39, 0x2D, 0x5F: true
    default: false
    }
  }

  private static func port(_ text: Substring?) throws(Flaw) -> UInt16? {
    guard let text else { return nil }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0
    else { throw .portInvalid }
    return port
  }

  private static func prefix(_ path: Substring) throws(Flaw) -> String {
    guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 })
    else { throw .prefixInvalid }
    var prefix = path
    while prefix.last == "/" { prefix.removeLast() }
    return String(prefix)
  }
}
