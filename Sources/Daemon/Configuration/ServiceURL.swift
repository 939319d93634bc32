import Glibc

/// The two services of the exchange, and what an address of each looks like.
enum ServiceURL {
  case rest
  case stream

  var expected: String {
    "\(secureScheme)://HOST, or \(plainScheme)://HOST on this machine (127.0.0.1, [::1], localhost)"
  }

  private var secureScheme: String {
    switch self {
    case .rest: "https"
    case .stream: "wss"
    }
  }

  private var plainScheme: String {
    switch self {
    case .rest: "http"
    case .stream: "ws"
    }
  }

  /// What is wrong with `text`; `nil` when it is an address of this service.
  func fault(in text: String) -> String? {
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      return "holds a space or a character that is not ASCII"
    }
    guard let mark = text.firstRange(of: "://") else { return "has no scheme" }
    let scheme = text[..<mark.lowerBound].lowercased()
    guard scheme == secureScheme || scheme == plainScheme else {
      return "has a scheme that this service does not speak"
    }
    let rest = text[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if rest.contains("?") || rest.contains("#") { return "has a query or a fragment" }
    guard let (host, port) = Self.split(authority), Self.isHost(host) else {
      return "has no valid host"
    }
    if let port, !Self.isPort(port) { return "has a port that is not from 1 to 65535" }
    if scheme == plainScheme, !Self.isThisMachine(host) {
      return "would cross the network unencrypted"
    }
    return nil
  }

  /// Host, in lower case and with the brackets of IPv6, and port.
  private static func split(_ authority: Substring) -> (host: String, port: Substring?)? {
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      let rest = authority[authority.index(after: end)...]
      let host = authority[...end].lowercased()
      if rest.isEmpty { return (host, nil) }
      return rest.first == ":" ? (host, rest.dropFirst()) : nil
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    switch parts.count {
    case 1: return (parts[0].lowercased(), nil)
    case 2: return (parts[0].lowercased(), parts[1])
    default: return nil
    }
  }

  private static func isPort(_ text: Substring) -> Bool {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
    return UInt16(text).map { $0 > 0 } ?? false
  }

  private static func isHost(_ text: String) -> Bool {
    if text.hasPrefix("[") { return address6(text) != nil }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    // RFC 1123 §2.1: a last label of digits only makes it an IPv4 address, or nothing.
    if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return address4(text) != nil
    }
    return text.utf8.count <= 253 && labels.allSatisfy(isLabel)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count)
      && label.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
      }
  }

  /// 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1 (RFC 4291 §2.5.3), and the name for them (RFC 6761 §6.3).
  private static func isThisMachine(_ host: String) -> Bool {
    if host == "localhost" { return true }
    if let bytes = address6(host) { return bytes == [UInt8](repeating: 0, count: 15) + [1] }
    return address4(host)?.first == 127
  }

  private static func address4(_ text: String) -> [UInt8]? {
    var address = in_addr()
    guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
    return unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
  }

  private static func address6(_ text: String) -> [UInt8]? {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
    var address = in6_addr()
    guard unsafe inet_pton(AF_INET6, String(text.dropFirst().dropLast()), &address) == 1
    else { return nil }
    return unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
  }
}
