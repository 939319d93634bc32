import Domain
import Glibc
import Platform

/// Many seeds, and what they add up to.
struct Campaign {
  let simulator: Simulator
  let options: SimulateProgram.Options
  let say: (String) -> Void
  let complain: (String) -> Void
  let isInterrupted: () -> Bool

  /// Returns the exit status.
  func seeds() -> Int32 {
    var sum = Tally()
    let start = Clock.monotonic()
    let work = Self.processorTime()
    var seed = options.first
    let limit = options.minutes.map { Duration.seconds($0 * 60) }
    while limit.map({ Clock.monotonic().since(start) < $0 }) ?? (sum.seeds < options.seeds) {
      if isInterrupted() {
        say(sum.summary(in: Self.processorTime() - work))
        complain("simulate: stopped by SIGINT before seed \(seed)")
        return SimulateProgram.interrupted
      }
      var scenario = Scenario(seed: seed, plant: options.plant, at: options.venue)
      scenario.without = options.without
      let outcome = simulator.run(scenario, keepsWords: options.tellsStory)
      sum.add(outcome)
      if options.printsTrace {
        say("seed=\(seed) trace=\(String(outcome.digest, radix: 16)) events=\(outcome.events)")
      }
      if options.tellsStory { for line in outcome.story { say(line) } }
      if let violation = outcome.violation {
        tell(outcome, violation)
        say(sum.summary(in: Self.processorTime() - work))
        return 1
      }
      if sum.seeds.isMultiple(of: options.progressInterval) {
        complain(sum.progress(of: limit == nil ? options.seeds : nil))
      }
      seed += 1
    }
    say(sum.summary(in: Self.processorTime() - work))
    let missed = sum.missedFaults
    if sum.seeds >= Tally.enoughSeeds && !missed.isEmpty && options.without.isEmpty {
      say("never hit: " + missed.map(\.rawValue).joined(separator: ", "))
      return 1
    }
    return 0
  }

  /// What this process has worked: the machine may be shared.
  private static func processorTime() -> Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  private func tell(_ outcome: Outcome, _ violation: Violation) {
    say("seed=\(outcome.scenario.seed) breaks \(violation.invariant.rawValue): \(violation.text)")
    let small = simulator.shrink(outcome)
    say(
      "the same with \(small.signals) signals and without "
        + (small.scenario.without.isEmpty
          ? "nothing" : small.scenario.without.map(\.rawValue).sorted().joined(separator: ", ")))
    if let smaller = small.violation, smaller.text != violation.text { say(smaller.text) }
    for line in small.story { say("  " + line) }
    say(
      "again: simulate --seed \(outcome.scenario.seed) --seeds 1"
        + (outcome.scenario.plant.map { " --plant \($0.rawValue)" } ?? "")
        + (outcome.scenario.venue == .mexc ? "" : " --venue \(outcome.scenario.venue.rawValue)"))
  }

  // MARK: Planted faults

  /// Returns the exit status.
  func planted() -> Int32 {
    let hunt = PlantHunt { simulator.run($0) }
    var sum = PlantTally()
    for plant in Plant.allCases {
      if isInterrupted() {
        complain("simulate: stopped by SIGINT before the planted fault \(plant.rawValue)")
        return SimulateProgram.interrupted
      }
      if let found = hunt.firstCatch(
        of: plant, from: options.first, most: Self.seedsOfHunt, at: options.venue)
      {
        sum.broken.insert(found.violation.invariant)
        say(
          "\(plant.rawValue): caught by \(found.violation.invariant.rawValue) with seed "
            + "\(found.seeds) (\(found.violation.text))")
      } else {
        sum.escaped += 1
        say("\(plant.rawValue): NOT CAUGHT in \(Self.seedsOfHunt) seeds")
      }
    }
    say(sum.summary)
    return sum.status
  }

  private static let seedsOfHunt = 10_000
}

/// What runs add up to.
struct Tally {
  private(set) var seeds = 0
  private var signals = 0
  private var deliveries = 0
  private var orders = 0
  private var placements = 0
  private var requests = 0
  private var events = 0
  private var lives = 0
  private var dropped = 0
  private var torn = 0
  private var cutsBeforeSync = 0
  private var violations = 0
  private var hits = Fault.allCases.map { _ in 0 }
  private var crashes: [CrashPoint: Int] = [:]

  /// From so many seeds on, a fault that never happened makes a run fail.
  static let enoughSeeds = 500

  mutating func add(_ outcome: Outcome) {
    seeds += 1
    signals += outcome.signals
    deliveries += outcome.deliveries
    orders += outcome.orders
    placements += outcome.placements
    requests += outcome.requests
    events += outcome.events
    lives += outcome.lives
    dropped += outcome.droppedWrites
    torn += outcome.tornWrites
    cutsBeforeSync += outcome.cutsBeforeSync
    if outcome.violation != nil { violations += 1 }
    for index in hits.indices { hits[index] += outcome.hits[index] }
    for (point, count) in outcome.crashes { crashes[point, default: 0] += count }
  }

  var missedFaults: [Fault] {
    Fault.allCases.filter { $0.isImportant && hits[Fault.ordinal[$0] ?? 0] == 0 }
  }

  /// How far it is; `total` is `nil` where time says when it ends.
  func progress(of total: Int?) -> String {
    let end = total.map { " of \($0)" } ?? ""
    return "seed \(seeds)\(end), \(violations) violations"
  }

  func summary(in time: Duration) -> String {
    let nanoseconds = max(1, time.wholeNanoseconds)
    let perMinute = Int64(deliveries) * 60_000_000_000 / nanoseconds
    let madePerMinute = Int64(signals) * 60_000_000_000 / nanoseconds
    var lines = [
      "seeds \(seeds), signals \(signals) (delivered \(deliveries) times), orders \(orders), "
        + "placements sent \(placements), requests \(requests), events \(events)",
      "lives of the daemon \(lives), unsynced writes dropped \(dropped), torn \(torn), "
        + "power cuts between an order's sending and its sync \(cutsBeforeSync)",
    ]
    let faults = zip(Fault.allCases, hits).map { "\($0.rawValue) \($1)" }
    lines.append("faults: " + faults.joined(separator: ", "))
    let points = CrashPoint.allCases.map { "\($0.rawValue) \(crashes[$0] ?? 0)" }
    lines.append("deaths: " + points.joined(separator: ", "))
    lines.append(
      "violations \(violations); \(madePerMinute) signals a minute "
        + "(\(perMinute) deliveries) on one core, \(nanoseconds / 1_000_000) ms of work")
    return lines.joined(separator: "\n")
  }
}
