import Simulation
import Testing

@Suite("Planted faults")
struct PlantedFaultTests {
  /// Seeds that a debug build can afford; the long hunt is `scripts/simulate --planted`.
  private static let most = 150
  /// Where the hunt begins for a fault that only a rare moment shows: of some 200 seeds, one cuts the power
  /// between an order's sending and its sync so that it matters.
  /// A connection that lags from its first push on is as rare.
  private static let firstSeed: [Plant: UInt64] = [
    .unsyncedIsTrusted: 725, .fillsDoubled: 5, .sendingIgnored: 110, .noteForgotten: 180,
  ]

  /// One fault in the program, and the promises that may break first.
  private static let caught: [(Plant, [Invariant])] = [
    (.sendBeforeCommit, [.acknowledgedIsDurable, .armedBeforeSent]),
    // With a pushed price the order leaves in the signal's own turn.
    (.acknowledgeBeforeCommit, [.acknowledgedIsDurable, .armedBeforeSent]),
    (.timeoutIsRefusal, [.oursIsKnown, .truthIsFound]),
    (.lookOnce, [.absenceIsProved]),
    (.resendAfterNotFound, [.noSecondOrder]),
    (.moveBeforeCommit, [.oneDispositionEach]),
    (.fileIsFresh, [.fileLifeIsKept]),
    (.stampOfSending, [.armedBeforeSent]),
    (.backOffInMilliseconds, [.backOffIsKept]),
    (.backOffForgotten, [.backOffIsKept]),
    (.budgetForgotten, [.weightsWithinPools]),
    (.hiddenResend, [.noSecondOrder]),
    (.retryOnMissing, [.noSecondOrder, .armedBeforeSent]),
    (.priceAgeIgnored, [.nothingSentUnguarded]),
    (.haltForgotten, [.nothingSentUnguarded]),
    (.syncLies, [.acknowledgedIsDurable, .historyIsState]),
    (.armedIsNew, [.historyIsState, .noSecondOrder]),
    (.unsyncedIsTrusted, [.noSecondOrder, .oursIsKnown]),
    (.intakeForgotten, [.acknowledgedIsDurable, .oursIsKnown]),
    (.noteForgotten, [.noSecondOrder, .oursIsKnown]),
    (.armedIsForgotten, [.nothingInFlightForEver, .oursIsKnown]),
    // A back-off is an error, too.
    (.errorIsNo, [.absenceIsProved, .backOffIsKept]),
    (.partIsWhole, [.truthIsFound]),
    (.findsDropped, [.truthIsFound, .oursIsKnown, .absenceIsProved]),
    (.fillsDoubled, [.filledAtMostOrdered, .fillsCountOnce]),
    (.dailyLimitIgnored, [.capsHold]),
    (.signalNotWritten, [.storeIsUsedWell]),
    (.modeIgnored, [.modesStayApart]),
    (.failedLooksWait, [.othersTrade]),
    (.crossedBookIsPrice, [.nothingSentUnguarded]),
    (.lateBookIsFresh, [.nothingSentUnguarded]),
    (.sendingIgnored, [.nothingSentUnguarded]),
    (.pushedFillsDoubled, [.fillsCountOnce, .filledAtMostOrdered]),
    (.safetyLooksStop, [.noFillMissed, .oneDispositionEach]),
  ]

  @Test
  func `every planted fault stands in the table`() {
    #expect(Set(Self.caught.map(\.0)) == Set(Plant.allCases))
  }

  @Test(arguments: caught)
  func `a planted fault is caught`(plant: Plant, breaks: [Invariant]) throws {
    let simulator = try Simulator()
    let first = Self.firstSeed[plant] ?? 1
    for seed in first..<first + UInt64(Self.most) {
      let outcome = simulator.run(Scenario(seed: seed, plant: plant))
      guard let violation = outcome.violation else { continue }
      #expect(breaks.contains(violation.invariant), "seed \(seed): \(violation.text)")
      return
    }
    Issue.record("\(plant.rawValue) was not caught in \(Self.most) seeds")
  }
}
