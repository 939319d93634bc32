/// Another protocol than lines, spoken by somebody who took the socket for something else.
package enum ForeignProtocol: String, Hashable, Sendable {
  case http = "HTTP"
  case tls = "TLS"

  /// Methods of HTTP (RFC 9110 §9.3, RFC 5789) with the blank behind them; `PRI` is how HTTP/2 begins
  /// (RFC 9113 §3.4).
  private static let methods = [
    "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", "PRI ",
  ].map { Array($0.utf8) }

  /// Told by the first bytes of a line: a method, or the record header of a TLS handshake
  /// (RFC 8446 §5.1), which no text begins with.
  init?(start: ArraySlice<UInt8>) {
    if start.starts(with: [0x16, 0x03]) {
      self = .tls
    } else if Self.methods.contains(where: { start.starts(with: $0) }) {
      self = .http
    } else {
      return nil
    }
  }

  /// Told by a whole line: three words, of which the first could be a method and the last names a
  /// version (RFC 9112 §3).
  init?(line: ArraySlice<UInt8>) {
    let blank = UInt8(ascii: " ")
    guard let first = line.firstIndex(of: blank), let last = line.lastIndex(of: blank),
      first > line.startIndex, first < last, line[..<first].allSatisfy(Self.isLetter),
      line[(last + 1)...].starts(with: "HTTP/".utf8)
    else { return nil }
    self = .http
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
