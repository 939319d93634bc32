import Control
import Transport

/// What follows the question mark of a request.
struct Query {
  private var pairs: [(name: String, value: String)] = []

  /// Throws the answer to what cannot be read in one way only: nothing of it is passed over.
  init(_ request: ReceivedRequest) throws(ControlFailure) {
    for pair in (request.query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]),
        let value = Self.decoded(parts.dropFirst().first ?? "")
      else {
        throw .invalidRequest(
          "the query is not well-formed: % and two hexadecimal digits stand for a byte of UTF-8")
      }
      guard !names.contains(name) else {
        throw .invalidRequest("the query gives the same name twice; give each once")
      }
      pairs.append((name, value))
    }
  }

  var names: [String] { pairs.map(\.name) }

  /// nil where it is missing or empty.
  func first(_ name: String) -> String? {
    pairs.first { $0.name == name && !$0.value.isEmpty }?.value
  }

  /// Text of which `%` and two digits stand for a byte (RFC 3986 §2.1); nil when it is not well-formed.
  static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
