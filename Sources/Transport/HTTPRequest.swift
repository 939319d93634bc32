import Domain
package import Platform

/// A request as a client makes it. The client adds Host, Content-Length, Accept-Encoding, Connection
/// and User-Agent; a caller that names one of them is refused.
package struct HTTPRequest: Sendable {
  package enum Method: String, Hashable, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  package let method: Method
  /// `/path?query`, already encoded; the endpoint's prefix goes before it.
  package let targetBytes: [UInt8]
  package let headers: HTTPFields
  package let body: [UInt8]

  package init(
    _ method: Method, _ target: [UInt8], headers: HTTPFields = [], body: [UInt8] = []
  ) {
    self.method = method
    targetBytes = target
    self.headers = headers
    self.body = body
  }

  package init(
    _ method: Method, _ target: String, headers: HTTPFields = [], body: [UInt8] = []
  ) {
    self.init(method, Array(target.utf8), headers: headers, body: body)
  }

  package var target: String { String(decoding: targetBytes, as: UTF8.self) }

  /// Why a request is not sent: our own mistake, found before the first byte leaves.
  package enum Flaw: Error, Hashable, Sendable, CustomStringConvertible {
    case targetInvalid
    case headerNameInvalid
    case headerValueInvalid
    case headerReserved

    package var description: String {
      switch self {
      case .targetInvalid: "the target does not begin with / or holds more than visible ASCII"
      case .headerNameInvalid: "a header name is no token"
      case .headerValueInvalid: "a header value holds a control character"
      case .headerReserved: "a header that the client sets itself"
      }
    }
  }
}

/// Turns requests to one endpoint into bytes.
package struct HTTPRequestSerializer {
  private let prefix: [UInt8]
  /// The fields that are the same in every request.
  private let common: [UInt8]

  private static let reserved = [
    "Host", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "Connection", "User-Agent",
    "Expect", "Upgrade", "TE", "Trailer",
  ]

  package init(endpoint: Endpoint, userAgent: String) {
    prefix = Array(endpoint.prefix.utf8)
    common = Array(
      """
      Host: \(endpoint.authority)\r
      User-Agent: \(userAgent)\r
      Accept-Encoding: identity\r
      Connection: keep-alive\r\n
      """.utf8)
  }

  /// Replaces what `bytes` hold by the request as it leaves. Throws which rule it breaks, and leaves
  /// a part of it then.
  package func write(
    _ request: HTTPRequest, to bytes: inout [UInt8]
  ) throws(HTTPRequest.Flaw) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(text: request.method.rawValue)
    bytes.append(0x20)
    bytes.append(contentsOf: prefix)
    guard Self.isTarget(request.targetBytes.span) else { throw .targetInvalid }
    bytes.append(contentsOf: request.targetBytes)
    bytes.append(text: " HTTP/1.1\r\n")
    bytes.append(contentsOf: common)
    for field in request.headers { try Self.append(field, to: &bytes) }
    // RFC 9110 §8.6: a method that may carry a body says its length even when it is 0.
    if request.method != .get || !request.body.isEmpty {
      bytes.append(text: "Content-Length: ")
      bytes.append(number: Int64(request.body.count))
      bytes.append(0x0D)
      bytes.append(0x0A)
    }
    bytes.append(0x0D)
    bytes.append(0x0A)
    bytes.append(contentsOf: request.body)
  }

  private static func isTarget(_ bytes: Span<UInt8>) -> Bool {
    guard !bytes.isEmpty, bytes[0] == 0x2F else { return false }
    // Almost all are: without a way out of the loop many bytes are looked at together.
    var strange: UInt8 = 0
    for place in bytes.indices {
      // Not 0x21...0x7E in one comparison, or the beginning of a fragment.
      strange |= (bytes[place] &- 0x21 > 0x5D ? 1 : 0) | (bytes[place] == 0x23 ? 1 : 0)
    }
    return strange == 0
  }

  private static func append(
    _ field: (name: String, value: String), to bytes: inout [UInt8]
  ) throws(HTTPRequest.Flaw) {
    guard !field.name.isEmpty else { throw .headerNameInvalid }
    for name in reserved where field.name.hasSameLetters(as: name) { throw .headerReserved }
    let name = field.name.utf8.span
    for place in name.indices where !name[place].isToken { throw .headerNameInvalid }
    bytes.append(text: field.name)
    bytes.append(0x3A)
    bytes.append(0x20)
    let value = field.value.utf8.span
    for place in value.indices where !value[place].isFieldValue { throw .headerValueInvalid }
    bytes.append(text: field.value)
    bytes.append(0x0D)
    bytes.append(0x0A)
  }
}
