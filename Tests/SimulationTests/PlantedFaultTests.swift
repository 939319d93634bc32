import Testing

@testable import Simulation

@Suite("Planted faults")
struct PlantedFaultTests {
  /// Seeds that a debug build can afford; the long hunt is `scripts/simulate --planted`.
  private static let most = 150
  /// Where the hunt begins for a fault that only a rare moment shows: of some 200 seeds, one cuts the power
  /// between an order's sending and its sync so that it matters.
  /// A connection that lags from its first push on is as rare.
  private static let firstSeed: [Plant: UInt64] = [
    .unsyncedIsTrusted: 725, .fillsDoubled: 5, .sendingIgnored: 110, .noteForgotten: 180,
    .safetyLooksStop: 45,
  ]

  @Test(arguments: Plant.allCases)
  func `a planted fault is caught`(plant: Plant) throws {
    let simulator = try Simulator()
    let found = PlantHunt { simulator.run($0) }
      .firstCatch(of: plant, from: Self.firstSeed[plant] ?? 1, most: Self.most)
    #expect(found != nil, "\(plant.rawValue) was not caught in \(Self.most) seeds")
  }

  /// An invariant that no planted fault can break is one that nobody has seen fail. The order's own
  /// rules stop the two that are left, whatever comes in from the edges.
  @Test
  func `every invariant but two can be broken by a planted fault`() {
    let whole = Set(Invariant.allCases).subtracting(Plant.breakable)
    #expect(whole == [.filledAtMostOrdered, .terminalNeverChanges])
  }

  @Test
  func `the hunts succeed when each fault is caught and each breakable invariant broke`() {
    var sum = PlantTally(escaped: 0, broken: Plant.breakable)
    #expect(sum.status == 0 && !sum.summary.contains("should have broken"))
    sum.escaped = 1
    #expect(sum.status == 1)
    for invariant in Plant.breakable {
      sum = PlantTally(escaped: 0, broken: Plant.breakable.subtracting([invariant]))
      #expect(sum.status == 1)
      #expect(sum.summary.contains("should have broken: \(invariant.rawValue)\n"))
    }
  }

  /// What a run says that breaks the same promise whatever is planted.
  private static func outcome(
    _ scenario: Scenario, breaks invariant: Invariant?
  ) -> Outcome {
    Outcome(
      scenario: scenario, digest: 0,
      violation: invariant.map { Violation(invariant: $0, subject: "", text: "", time: 0) },
      signals: 0, deliveries: 0, orders: 0, placements: 0, requests: 0, events: 0, lives: 0,
      droppedWrites: 0, tornWrites: 0, cutsBeforeSync: 0, hits: [], crashes: [:], story: [])
  }

  @Test(arguments: Plant.allCases)
  func `a broken promise that is not the fault's own catches nothing`(plant: Plant) throws {
    let foreign = try #require(Invariant.allCases.first { !plant.breaks.contains($0) })
    let hunt = PlantHunt { scenario in
      Self.outcome(scenario, breaks: scenario.plant == nil ? nil : foreign)
    }
    #expect(hunt.firstCatch(of: plant, from: 1, most: 5) == nil)
  }

  @Test(arguments: Plant.allCases)
  func `a promise that breaks without the fault as well catches nothing`(plant: Plant) throws {
    let own = try #require(plant.breaks.first)
    let hunt = PlantHunt { scenario in
      Self.outcome(scenario, breaks: scenario.plant == nil && scenario.seed > 3 ? nil : own)
    }
    #expect(hunt.firstCatch(of: plant, from: 1, most: 3) == nil)
    let found = try #require(hunt.firstCatch(of: plant, from: 1, most: 5))
    #expect(found.seeds == 4 && found.violation.invariant == own)
  }
}
