/// The parameters of a request, encoded in the order in which they are added. What is signed is
/// exactly what is sent.
package struct QueryString {
  private var bytes: [UInt8] = []

  /// Room for a signed placement.
  private static let usualBytes = 384

  package init() {}

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package mutating func add(_ name: String, _ value: String) {
    if bytes.isEmpty {
      bytes.reserveCapacity(Self.usualBytes)
    } else {
      bytes.append(UInt8(ascii: "&"))
    }
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
    // Names and numbers are most of it.
    if value.utf8.allSatisfy(Self.isUnreserved) {
      bytes.append(contentsOf: value.utf8)
    } else {
      addEncoded(value)
    }
  }

  /// Appends the signature of everything added so far; nothing may be added after it.
  package mutating func sign(with credentials: Credentials) {
    let signature = credentials.signature(of: bytes)
    bytes.append(contentsOf: "&signature=".utf8)
    bytes.append(contentsOf: signature.utf8)
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986 §2.3. The exchange wants upper-case
  /// digits, and `%20` for a space (MEXC spot v3, "Signed").
  private mutating func addEncoded(_ value: String) {
    for byte in value.utf8 {
      if Self.isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(Self.digits[Int(byte >> 4)])
        bytes.append(Self.digits[Int(byte & 15)])
      }
    }
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
