package import Domain

/// What was seen of files in `incoming` that are not taken yet, and the rules by which one of them
/// may still be in the making.
///
/// A complete signal is taken as soon as its close or its renaming is seen. Everything else waits:
/// while somebody is known to have the file open for writing without an end, and else until it has
/// been quiet for a while. Of a quiet one the kernel's word counts, where it gives any.
package struct UnfinishedFiles {
  private struct Sighting {
    /// Written to since it was last closed or renamed in. Not every change has a close that is seen:
    /// truncate(2) has none, and that of a file which has lost its name is hidden.
    var isBeingWritten = false
    var wasMovedIn = false
    /// When it was first found to be open for writing.
    var openSince: MonotonicTime?
    var isTold = false
  }

  /// A file is made empty first, often by one command of several. One that stays so for this long
  /// will not be filled.
  package static let emptyTime = Duration.seconds(60)
  /// After so long a file that is open for writing is worth a line.
  private static let tellingTime = Duration.seconds(60)

  /// How long a file must not have changed before it counts as finished without a word.
  package let quietTime: Duration
  private var sightings: [[UInt8]: Sighting] = [:]

  package init(quietTime: Duration) {
    self.quietTime = quietTime
  }

  // MARK: What was seen

  package mutating func wasWritten(_ name: [UInt8]) {
    sightings[name, default: Sighting()].isBeingWritten = true
  }

  package mutating func wasClosed(_ name: [UInt8]) { sightings[name] = nil }

  package mutating func wasMovedIn(_ name: [UInt8]) {
    sightings[name] = nil
    sightings[name, default: Sighting()].wasMovedIn = true
  }

  package mutating func isGone(_ name: [UInt8]) { sightings[name] = nil }

  /// Events were lost, and a close may have been among them: what time and the kernel tell of a file
  /// has to do.
  package mutating func mistrustAll() { sightings = [:] }

  package mutating func keepOnly(_ present: Set<[UInt8]>) {
    if !sightings.isEmpty { sightings = sightings.filter { present.contains($0.key) } }
  }

  // MARK: The rules

  package func isBeingWritten(_ name: [UInt8]) -> Bool { sightings[name]?.isBeingWritten ?? false }

  /// Whether a file that is found open for writing has been so for long, and nobody was told.
  package mutating func isNews(open name: [UInt8], at now: MonotonicTime) -> Bool {
    var sighting = sightings[name] ?? Sighting()
    let since = sighting.openSince ?? now
    sighting.openSince = since
    let isNews = !sighting.isTold && now.since(since) >= Self.tellingTime
    if isNews { sighting.isTold = true }
    sightings[name] = sighting
    return isNews
  }

  /// Changed so recently that the next change may follow.
  package func isFresh(_ age: Duration) -> Bool { isWithin(quietTime, age) }

  /// A change far in the future means that the clock was set back; it says nothing then.
  private func isWithin(_ time: Duration, _ age: Duration) -> Bool {
    age < time && age > .zero - quietTime
  }

  /// Whether a regular file is in a state that none is left in: it has a second name, which goes when
  /// somebody delivers by link(2) and unlink(2), or it is empty.
  package func isInTheMaking(
    _ name: [UInt8], links: UInt64 = 1, isEmpty: Bool, age: Duration
  ) -> Bool {
    if links > 1 { return isFresh(age) }
    guard isEmpty else { return false }
    let isMeant = sightings[name]?.wasMovedIn ?? false
    return isWithin(isMeant ? quietTime : max(quietTime, Self.emptyTime), age)
  }

  /// Whether a content that is no signal may become one. Who renames a file in has finished it, as a
  /// rule; some rename before they have written everything, and what they wrote breaks off.
  package func mayBecomeASignal(_ file: SpoolFile, breaksOff: Bool) -> Bool {
    isFresh(file.age) && (file.finding != .movedIn || breaksOff)
  }
}
