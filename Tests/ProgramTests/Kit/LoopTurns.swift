import Domain
import JSON
import TestKit

extension DaemonUnderTest {
  /// More turns than a daemon at rest takes for its timers and the few clients of a test, and fewer
  /// than one that spins takes in a moment, however little of a processor it gets.
  static let turnsAtRest = 2_000

  /// How often the daemon's loop has turned since its start.
  var loopTurns: Int {
    get throws {
      guard let turns = try status()["loop_turns"]?.numberValue.flatMap({ Int($0) }) else {
        throw Unusable("no loop_turns in the status")
      }
      return turns
    }
  }
}
