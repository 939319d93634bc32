/// The parameters of a request, encoded in the order in which they are added. What is signed is
/// exactly what is sent.
package struct QueryString {
  package private(set) var text = ""

  /// Room for a signed placement.
  private static let usualBytes = 384

  package init() {}

  package mutating func add(_ name: String, _ value: String) {
    if text.isEmpty { text.reserveCapacity(Self.usualBytes) } else { text += "&" }
    text += name
    text += "="
    // Names and numbers are most of it.
    text += value.utf8.allSatisfy(Self.isUnreserved) ? value : Self.encoded(value)
  }

  /// Appends the signature of everything added so far; nothing may be added after it.
  package mutating func sign(with credentials: Credentials) {
    text += "&signature=" + credentials.signature(of: text)
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986 §2.3. The exchange wants upper-case
  /// digits, and `%20` for a space (MEXC spot v3, "Signed").
  private static func encoded(_ value: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(value.utf8.count)
    for byte in value.utf8 {
      if isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
