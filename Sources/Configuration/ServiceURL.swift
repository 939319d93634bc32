import Platform

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
    guard let mark = text.firstRange(of: "://") else { return "has no scheme" }
    let scheme = text[..<mark.lowerBound].lowercased()
    // A WebSocket begins as an HTTP request to the same host and port (RFC 6455 §3).
    let equivalent: Endpoint.Scheme
    switch scheme {
    case secureScheme: equivalent = .https
    case plainScheme: equivalent = .http
    default: return "has a scheme that this service does not speak"
    }
    do throws(Endpoint.Flaw) {
      let endpoint = try Endpoint(equivalent.rawValue + text[mark.lowerBound...])
      return self == .rest && !endpoint.prefix.isEmpty ? "has a path behind the host" : nil
    } catch {
      return Self.reason(error)
    }
  }

  private static func reason(_ flaw: Endpoint.Flaw) -> String {
    switch flaw {
    case .schemeMissing: "has no scheme"
    case .schemeUnknown: "has a scheme that this service does not speak"
    case .plainToRemoteHost: "would cross the network unencrypted"
    case .hostInvalid: "has no valid host"
    case .portInvalid: "has a port that is not from 1 to 65535"
    case .prefixInvalid: "has a query, a fragment or an odd character behind the host"
    case .userInformationRefused: "holds a user name or password"
    }
  }
}

extension Configuration.Exchange {
  /// The exchange's own streams; behind a REST service of this machine, which is another exchange or
  /// a simulated one, those of the same server.
  static func streamURL(besides restURL: String) -> String {
    guard let endpoint = try? Endpoint(restURL), endpoint.isThisMachine else {
      return Configuration.Exchange().streamURL
    }
    return "\(endpoint.scheme.isSecure ? "wss" : "ws")://\(endpoint.authority)/ws"
  }
}
