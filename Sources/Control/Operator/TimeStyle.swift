import Domain
import JSON
import Platform

/// How a person writes and reads times.
package enum TimeStyle: Hashable, Sendable {
  case utc
  /// In the zone of this machine.
  case local

  /// For messages: what `time(from:now:)` takes.
  static let forms =
    "a time like 2026-09-25T10:11:12Z or 2026-09-25, or how long ago, like 90s, 30m, 2h, 7d"

  private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

  func text(_ time: WallTime) -> String {
    switch self {
    case .utc: time.text
    case .local: LocalTime.format(time)
    }
  }

  /// A time of a document, which is UTC's; another text as it is.
  func text(_ value: JSONValue?) -> String {
    guard let text = value?.stringValue else { return "-" }
    return Timestamp.parse(text).map { self.text($0) } ?? ByteText.printable(text)
  }

  /// `nil` for a text that says no time.
  func time(from text: String, now: WallTime) -> WallTime? {
    if let time = Timestamp.parse(text) { return time }
    if let midnight = Timestamp.parse(text + "T00:00:00Z") {
      return self == .utc ? midnight : LocalTime.moment(shownAs: midnight)
    }
    guard let unit = text.last.flatMap({ Self.units[$0] }), let count = Int64(text.dropLast()),
      (0...1_000_000).contains(count)
    else { return nil }
    return now.advanced(by: .seconds(-count * unit))
  }
}
