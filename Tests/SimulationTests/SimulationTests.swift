import Foundation
import Simulation
import Testing

/// Every test has a simulator of its own, so that they run beside each other.
private func run(_ seed: UInt64, plant: Plant? = nil) throws -> Outcome {
  try Simulator().run(Scenario(seed: seed, plant: plant))
}

@Suite("The simulator of the whole program")
struct SimulationTests {
  /// Enough for a debug build; `scripts/simulate` runs many more, and counts every fault.
  private static let seeds: ClosedRange<UInt64> = 1...60

  @Test
  func `no seed breaks a promise, and the faults are really there`() throws {
    let simulator = try Simulator()
    var orders = 0
    var lives = 0
    var hits = Fault.allCases.map { _ in 0 }
    for seed in Self.seeds {
      let outcome = simulator.run(Scenario(seed: seed))
      #expect(outcome.violation == nil, "seed \(seed)")
      orders += outcome.orders
      lives += outcome.lives
      for index in hits.indices { hits[index] += outcome.hits[index] }
    }
    #expect(orders > 200)
    #expect(lives > 2 * Self.seeds.count)
    let missed = zip(Fault.allCases, hits).filter { $0.isImportant && $1 == 0 }
    #expect(missed.isEmpty)
  }

  @Test(arguments: [UInt64(3), 17])
  func `one seed is one trace`(seed: UInt64) throws {
    let first = try run(seed)
    let second = try run(seed)
    #expect(first.events > 100)
    #expect(first.digest == second.digest)
    #expect(first.events == second.events)
    #expect(first.orders == second.orders)
  }

  /// A power cut takes the record of a sending, and the exchange hides the order for longer than the settle
  /// time: nothing that the daemon can ask tells of it.
  @Test(arguments: [UInt64(301_260), 302_091])
  func `an order that the exchange hides too long is no fault of the daemon`(seed: UInt64) throws {
    #expect(try run(seed).violation == nil)
  }

  /// A signal's stamp that a set-back clock has overtaken; turns that were lost one after another; a ban of
  /// which no answer tells; a ban that outlasts a firewall's pause.
  @Test(arguments: [UInt64(500_261), 500_779, 700_227, 252])
  func `a rare meeting of faults breaks no promise`(seed: UInt64) throws {
    #expect(try run(seed).violation == nil)
  }

  @Test
  func `different seeds are different runs`() throws {
    let digests = try Set((1...10).map { try run($0).digest })
    #expect(digests.count == 10)
  }

  @Test
  func `a fault that is left out does not happen`() throws {
    var scenario = Scenario(seed: 21)
    scenario.without = Set(Fault.allCases)
    let outcome = try Simulator().run(scenario)
    #expect(outcome.hits.allSatisfy { $0 == 0 })
    #expect(outcome.lives == 1)
    #expect(outcome.violation == nil)
  }

  @Test
  func `a failing run is made smaller, and told in words`() throws {
    let simulator = try Simulator()
    let failing = try #require(firstCatch(of: .hiddenResend, simulator))
    let small = simulator.shrink(failing)
    #expect(small.violation?.invariant == failing.violation?.invariant)
    #expect(small.signals <= failing.signals)
    #expect(small.scenario.without.count > failing.scenario.without.count)
    #expect(small.story.contains { $0.contains("VIOLATION: \(Invariant.noSecondOrder.rawValue)") })
  }

  @Test
  func `a run that does not fail is told, too`() throws {
    let outcome = try Simulator().run(Scenario(seed: 21), keepsWords: true)
    #expect(outcome.violation == nil)
    #expect(outcome.story.contains { $0.hasSuffix("the faults are over") })
    #expect(outcome.story.count { $0.contains(" accepted at the exchange: ") } > 0)
  }

  private func firstCatch(of plant: Plant, _ simulator: Simulator) -> Outcome? {
    for seed in UInt64(1)...60 {
      let outcome = simulator.run(Scenario(seed: seed, plant: plant))
      if outcome.violation != nil { return outcome }
    }
    return nil
  }
}
