import Control
import Platform
import Store

/// What a list is narrowed to, by the same words as the operator's tool.
enum ListQuery {
  /// A page of the browser's; a larger list is built in memory.
  static let limitMaximum: Int64 = 500

  private static let names = ["open", "state", "symbol", "since", "before", "limit"]

  /// Throws the answer to a wrong word.
  static func filter(_ query: Query, _ states: [String]) throws(ControlFailure) -> ListFilter {
    for name in query.names where !names.contains(name) {
      throw .invalidRequest("a list takes \(names.joined(separator: ", ")), and nothing else")
    }
    var limit: Int64?
    if let text = query.first("limit") {
      guard let number = Int64(text) else {
        throw .invalidRequest("the limit must be a whole number above 0")
      }
      limit = min(number, limitMaximum)
    }
    var filter = try ControlRequest.filter(
      openOnly: try flag(query.first("open")), state: query.first("state"),
      symbol: query.first("symbol"), before: query.first("before"), limit: limit, states: states)
    if let text = query.first("since") {
      guard let time = Timestamp.parse(text) else {
        throw .invalidRequest("since takes a time like 2026-09-25T10:11:12Z")
      }
      filter.since = time
    }
    return filter
  }

  private static func flag(_ text: String?) throws(ControlFailure) -> Bool {
    switch text {
    case nil, "false", "0": false
    case "true", "1": true
    default: throw .invalidRequest("open is true or false")
    }
  }
}
