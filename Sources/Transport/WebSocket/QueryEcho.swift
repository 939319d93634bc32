/// Notices what a peer repeats of the query that it was sent: a query may hold a secret, and what a
/// peer says goes into logs.
struct QueryEcho {
  /// A shorter piece gives nothing away, and would be found by chance.
  private static let pieceBytes = 8

  private let values: [[UInt8]]

  init(target: String) {
    let query =
      target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      .dropFirst().first ?? ""
    values = query.split(separator: "&").map { parameter in
      let value =
        parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .last ?? parameter
      return Array(value.lowercased().utf8)
    }
  }

  /// The text, or a remark in its place when it repeats some of the query, whatever the case.
  func hiding(_ text: String) -> String {
    let bytes = Array(text.lowercased().utf8)
    guard bytes.count >= Self.pieceBytes else { return text }
    for start in 0...(bytes.count - Self.pieceBytes) {
      let piece = bytes[start..<(start + Self.pieceBytes)]
      if values.contains(where: { Self.contains($0, piece) }) {
        return "(a text that repeats the request is not shown)"
      }
    }
    return text
  }

  func hiding(_ end: WebSocketEnd) -> WebSocketEnd {
    switch end {
    case .refused(.status(let status, let text, let waits)):
      .refused(.status(status, hiding(text), retryAfter: waits))
    case .closedByPeer(let code, let reason): .closedByPeer(code, hiding(reason))
    case .notConnected, .refused, .closedByOwner, .closingUnanswered, .violation, .lost, .idle,
      .outputFull:
      end
    }
  }

  private static func contains(_ value: [UInt8], _ piece: ArraySlice<UInt8>) -> Bool {
    guard value.count >= piece.count else { return false }
    return (0...(value.count - piece.count)).contains {
      value[$0..<($0 + piece.count)].elementsEqual(piece)
    }
  }
}
