import Platform
package import Store

/// Runs scenarios: holds what all runs share.
package final class Simulator {
  private let template: [UInt8]
  private let logger: Logger

  /// The daemon's own journal goes nowhere: a run keeps its own. Throws when the empty database
  /// that every run begins with cannot be made.
  package init() throws(StoreError) {
    template = try SimulatedDisk.makeTemplate()
    logger = Logger(level: .error, format: .logfmt, descriptor: -1)
  }

  package func run(_ scenario: Scenario, keepsWords: Bool = false) -> Outcome {
    SimulationRun(scenario, template: template, logger: logger, keepsWords: keepsWords).run()
  }

  /// The smallest scenario found that still breaks the same promise: fewer signals, fewer faults.
  package func shrink(_ failing: Outcome) -> Outcome {
    guard let invariant = failing.violation?.invariant else { return failing }
    var best = failing
    func isStill(_ scenario: Scenario) -> Bool {
      let outcome = run(scenario)
      guard outcome.violation?.invariant == invariant, outcome.signals <= best.signals
      else { return false }
      best = outcome
      return true
    }
    var scenario = failing.scenario
    for fault in Fault.allCases where failing.hits[Fault.ordinal[fault] ?? 0] > 0 {
      scenario = best.scenario
      scenario.without.insert(fault)
      _ = isStill(scenario)
    }
    var count = best.signals
    while count > 1 {
      scenario = best.scenario
      scenario.signals = count / 2
      guard isStill(scenario) else { break }
      count /= 2
    }
    while best.signals > 1 {
      scenario = best.scenario
      scenario.signals = best.signals - 1
      guard isStill(scenario) else { break }
    }
    return run(best.scenario, keepsWords: true)
  }
}
