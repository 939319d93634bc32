import Domain
import Execution
import Matching

/// The file beside the database with what is known of the venue, as one life leaves it to the next. It is
/// not synced: with a boot of the machine it may be gone, and what it says of the clock is void.
final class KeptFacts {
  private let world: World
  private var facts: VenueFacts?
  private var boot = 0
  private var written: Int?
  private var chance: SplitMix64

  init(_ world: World) {
    self.world = world
    chance = world.stream("kept facts")
  }

  /// What an engine begins with.
  func begin() -> VenueFacts? {
    written = nil
    guard world.dials.keepsFacts else { return nil }
    if world.boots != boot {
      facts?.clock = nil
      if chance.chance(1, in: 2) { facts = nil }
      boot = world.boots
    }
    return facts
  }

  func endOfTurn(_ engine: Engine) {
    guard engine.venueFactsRevision != written else { return }
    written = engine.venueFactsRevision
    facts = engine.venueFacts
  }
}
