/// What was told within the last minute, so that a trouble that lasts does not fill the journal.
package struct RecentTexts: Sendable {
  private static let interval = Duration.seconds(60)

  private var told: [String: MonotonicTime] = [:]

  package init() {}

  /// Whether the text was told within the last minute; when not, it counts as told now.
  package mutating func isRecent(_ text: String, at now: MonotonicTime) -> Bool {
    told = told.filter { now.since($0.value) < Self.interval }
    if told[text] != nil { return true }
    told[text] = now
    return false
  }
}
