/// What the hunts for all planted faults add up to.
struct PlantTally {
  var escaped = 0
  var broken: Set<Invariant> = []

  /// Those that a planted fault may break, and none was seen to break.
  private var unseen: [Invariant] {
    Invariant.allCases.filter { Plant.breakable.contains($0) && !broken.contains($0) }
  }

  /// The exit status.
  var status: Int32 { escaped == 0 && unseen.isEmpty ? 0 : 1 }

  var summary: String {
    var lines = [
      "invariants that no planted fault broke: "
        + Self.names(Invariant.allCases.filter { !broken.contains($0) })
    ]
    if !unseen.isEmpty {
      lines.append("of these, a planted fault should have broken: " + Self.names(unseen))
    }
    lines.append(
      escaped == 0 ? "every planted fault was caught" : "\(escaped) planted faults escaped")
    return lines.joined(separator: "\n")
  }

  private static func names(_ invariants: [Invariant]) -> String {
    invariants.map(\.rawValue).joined(separator: ", ")
  }
}

/// The search for a seed that shows a planted fault.
package struct PlantHunt {
  package struct Catch {
    /// How many seeds it took.
    package let seeds: Int
    package let violation: Violation
  }

  let run: (Scenario) -> Outcome

  package init(_ run: @escaping (Scenario) -> Outcome) {
    self.run = run
  }

  /// The first seed on which the fault breaks one of its own promises, and on which nothing breaks
  /// without the fault; `nil` when none of `most` does.
  package func firstCatch(
    of plant: Plant, from first: UInt64, most: Int, at venue: SimulatedVenue = .mexc
  ) -> Catch? {
    for count in 0..<most {
      let seed = first + UInt64(count)
      let planted = run(Scenario(seed: seed, plant: plant, at: venue))
      guard let violation = planted.violation, plant.breaks.contains(violation.invariant),
        run(Scenario(seed: seed, at: venue)).violation == nil
      else { continue }
      return Catch(seeds: count + 1, violation: violation)
    }
    return nil
  }
}
