import Domain
package import JSON
import Platform

/// What a running daemon says of itself, as `status` answers it.
package struct DaemonFacts: Sendable {
  package let document: JSONValue

  package init(_ document: JSONValue) {
    self.document = document
  }

  package var mode: String? { document["mode"]?.stringValue }

  /// Until when it sends nothing, because the exchange demands it.
  var backOffUntil: WallTime? {
    document["rate"]?["banned_until"]?.stringValue.flatMap { Timestamp.parse($0) }
  }

  /// What the exchange told it of its API key; `nil` when it has none, or was told nothing.
  var key: KeyInformation? {
    guard let told = document["api_key"], told.objectValue != nil else { return nil }
    let words = told["permissions"]?.arrayValue?.compactMap(\.stringValue)
    let validity: KeyInformation.Validity? =
      switch told["expires"]?.boolValue {
      case true?: told["days_left"]?.integerValue.flatMap { Int(exactly: $0) }.map { .days($0) }
      case false?: .permanent
      case nil: nil
      }
    return KeyInformation(
      rights: words.map { Set($0.compactMap(KeyInformation.Right.init)) }, validity: validity)
  }

  package var problems: [(message: String, advice: String, subject: String)] {
    (document["problems"]?.arrayValue ?? []).map { problem in
      (
        problem["message"]?.stringValue ?? "", problem["advice"]?.stringValue ?? "",
        problem["subject"]?.stringValue ?? ""
      )
    }
  }

  /// What the report says of it: enough to see whether it is at work, the rest is `status`.
  package var summary: JSONValue {
    .object(
      pairs: ["state", "mode", "trading_open", "clock_offset_ms", "price_source", "problems"].map {
        ($0, document[$0] ?? .null)
      } + [("banned_until", document["rate"]?["banned_until"] ?? .null)])
  }
}
