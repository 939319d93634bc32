/// Where the prices come from that orders are judged by.
package enum PriceSource: String, CaseIterable, Hashable, Sendable {
  /// What the exchange pushes; it is asked where that is not fresh.
  case auto
  /// Only what the exchange pushes.
  case stream
  /// The exchange is asked, and nothing is watched.
  case rest
}
