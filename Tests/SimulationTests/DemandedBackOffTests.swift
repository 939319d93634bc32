import Testing
import Transport

@testable import Simulation

/// What the oracle holds a later life of the daemon to.
@Suite("A demanded back-off")
struct DemandedBackOffTests {
  private let world = World(Scenario(seed: 1), keepsWords: false)
  private let response = HTTPResponse(status: 429, headers: [("Retry-After", "2")])

  private func left(_ backOff: DemandedBackOff, at moment: Int64, life: Int) -> Bool {
    world.advance(to: moment)
    return backOff.left(at: world, life: life) != nil
  }

  @Test
  func `a life that was told obeys it, and a later one what was written down`() {
    var backOff = DemandedBackOff()
    backOff.demanded(by: response, world, life: 1)
    #expect(left(backOff, at: second, life: 1))
    #expect(!left(backOff, at: second, life: 2))
    backOff.committed(until: 2 * second)
    #expect(left(backOff, at: second, life: 2))
    #expect(!left(backOff, at: 2 * second, life: 2))
  }

  /// Only where the turn was undone, or the life ended before it was committed, can nobody else know.
  @Test(arguments: [false, true], [false, true])
  func `a later life knows what a turn took that was committed`(isAlive: Bool, isUndone: Bool) {
    var backOff = DemandedBackOff()
    backOff.demanded(by: response, world, life: 1)
    if isUndone { backOff.turnWasUndone() }
    backOff.turnEnded(isAlive: isAlive)
    #expect(left(backOff, at: second, life: 2) == (isAlive && !isUndone))
    #expect(!left(backOff, at: 2 * second, life: 2))
  }

  @Test
  func `what a longer one covers need not be written down`() {
    var backOff = DemandedBackOff()
    backOff.committed(until: 60 * second)
    backOff.demanded(by: response, world, life: 1)
    backOff.turnEnded(isAlive: true)
    #expect(!left(backOff, at: second, life: 2))
  }

  /// The life that was told the second one ended before it could write it down.
  @Test
  func `of two demands that come together a later life knows the one that was written down`() {
    var backOff = DemandedBackOff()
    backOff.demanded(by: response, world, life: 1)
    backOff.committed(until: 2 * second)
    world.advance(to: 4 * millisecond)
    backOff.demanded(by: response, world, life: 1)
    backOff.committed(until: 2 * second)
    let end = 2 * second - millisecond
    #expect(left(backOff, at: second, life: 2))
    #expect(left(backOff, at: end - millisecond, life: 1))
    #expect(!left(backOff, at: end - millisecond, life: 2))
  }
}
