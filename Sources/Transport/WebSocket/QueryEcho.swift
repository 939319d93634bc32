/// Notices what a peer repeats of the query that it was sent: a query may hold a secret, and what a
/// peer says goes into logs.
package struct QueryEcho: Sendable {
  /// A shorter piece gives nothing away, and would be found by chance. So many fit a number.
  private static let pieceBytes = 8

  /// Of the query's values, as they are sent and as they are meant, in small letters.
  private let pieces: Set<UInt64>

  package init(target: String) {
    let query =
      target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      .dropFirst().first ?? ""
    let values = query.split(separator: "&").map { parameter in
      let value =
        parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .last ?? parameter
      return String(value)
    }
    pieces = Set(values.flatMap { Self.pieces(of: $0) + Self.pieces(of: Self.decoded($0)) })
  }

  /// Whether the text holds some of the query, whatever the case.
  package func isRepeated(in text: String) -> Bool {
    if pieces.isEmpty { return false }
    return Self.pieces(of: text).contains { pieces.contains($0) }
  }

  /// The text, or a remark in its place when it repeats some of the query.
  package func hiding(_ text: String) -> String {
    isRepeated(in: text) ? "(a text that repeats the request is not shown)" : text
  }

  func hiding(_ end: WebSocketEnd) -> WebSocketEnd {
    switch end {
    case .refused(.status(let status, let text, let waits, let dates)):
      .refused(.status(status, hiding(text), retryAfter: waits, date: dates))
    case .closedByPeer(let code, let reason): .closedByPeer(code, hiding(reason))
    case .notConnected, .refused, .closedByOwner, .closingUnanswered, .violation, .lost, .idle,
      .outputFull:
      end
    }
  }

  private static func pieces(of text: String) -> [UInt64] {
    var piece: UInt64 = 0
    let all = text.lowercased().utf8.map { byte in
      piece = piece << 8 | UInt64(byte)
      return piece
    }
    return Array(all.dropFirst(pieceBytes - 1))
  }

  /// Without the percent-encoding of RFC 3986 §2.1. A sign that begins none stands for itself.
  private static func decoded(_ text: String) -> String {
    var decoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        decoded.append(code)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}
