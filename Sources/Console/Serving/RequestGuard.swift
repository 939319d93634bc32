import Platform
import Transport

/// Whether a request may come from a page of ours, judged by what browsers say of it: a page of another
/// site cannot forge these, and a name that leads here by a trick of the name service shows in Host.
struct RequestGuard {
  /// Behind a Unix socket a reverse proxy stands, whose name is its own affair.
  let takesAnyHost: Bool

  /// Why it is refused; nil when it is not.
  func refusal(of request: ReceivedRequest) -> Reply? {
    guard let host = request.header("Host"), isAllowed(host) else {
      return .error(
        403, "foreign_host",
        "this address does not belong to the console; open it as 127.0.0.1 or localhost")
    }
    for origin in request.headers.values(of: "Origin") where !isSame(origin, host) {
      return Self.foreign
    }
    switch request.header("Sec-Fetch-Site") {
    case nil, "same-origin", "none": return nil
    // A link that somebody followed; the session's cookie does not come along.
    case _ where request.method == "GET" && request.header("Sec-Fetch-Mode") == "navigate":
      return nil
    case .some: return Self.foreign
    }
  }

  private static let foreign = Reply.error(
    403, "foreign_origin", "the request comes from another site's page, and nothing of it is done")

  private func isAllowed(_ host: String) -> Bool {
    guard host.utf8.allSatisfy({ $0 != 0x2F && $0 != 0x3F && $0 != 0x23 && $0 != 0x40 })
    else { return false }
    guard let endpoint = try? Endpoint("https://" + host) else { return false }
    return takesAnyHost || endpoint.isThisMachine
  }

  /// `scheme://authority`, as browsers write it (RFC 6454 §6.2); a proxy may have undone the TLS.
  private func isSame(_ origin: String, _ host: String) -> Bool {
    let host = host.lowercased()
    return origin == "http://" + host || (takesAnyHost && origin == "https://" + host)
  }
}
