import Cryptography
import Domain

/// The path of a request and its parameters, encoded in the order in which they are added. What is
/// signed is exactly what is sent. Nothing prints it: there are keys of streams in some.
package struct RequestTarget: CustomStringConvertible, CustomReflectable {
  package private(set) var bytes: [UInt8] = []
  /// Where the parameters begin, behind the question mark.
  private var start = 0

  package init() {}

  package var description: String { "(request target)" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Begins anew, in the memory of the one before where nobody else holds that.
  package mutating func begin(_ path: String) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(text: path)
    start = bytes.count + 1
  }

  package mutating func add(_ name: String, _ value: String) {
    begin(parameter: name)
    // Names and numbers are most of it.
    if Self.isUnreserved(value) {
      bytes.append(text: value)
    } else {
      addEncoded(value)
    }
  }

  package mutating func add(_ name: String, _ value: Int64) {
    begin(parameter: name)
    bytes.append(number: value)
  }

  private mutating func begin(parameter name: String) {
    bytes.append(bytes.count < start ? UInt8(ascii: "?") : UInt8(ascii: "&"))
    bytes.append(text: name)
    bytes.append(UInt8(ascii: "="))
  }

  /// Appends the signature of the parameters, of which there is one at least; nothing may be added
  /// after it.
  package mutating func sign(with credentials: Credentials) {
    let code = credentials.code(of: bytes.span.extracting(droppingFirst: start))
    bytes.append(text: "&signature=")
    Hexadecimal.append(code.span, to: &bytes)
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

  private static func isUnreserved(_ text: String) -> Bool {
    let bytes = text.utf8.span
    for place in bytes.indices where !isUnreserved(bytes[place]) { return false }
    return true
  }

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
