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
