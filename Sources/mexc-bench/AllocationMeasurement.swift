/// The blocks of memory that the loop's thread asks of the heap for one signal, from its file to its
/// order's answer. Nothing that is timed: the same program on the same signal asks for the same.
struct AllocationMeasurement {
  #if DEBUG
    /// Code that is not optimised copies more.
    static let budget = 1_000
  #else
    static let budget = 175
  #endif

  let bench: Bench

  /// Throws when more is asked for than the budget allows.
  func run() throws -> BenchSection {
    let passages = try PartsMeasurement(bench).passages()
    let whole = Self.median(passages.map(\.wholeAllocations))
    guard whole <= Self.budget else {
      throw BenchError.failed(
        "one signal takes \(whole) allocations, and the budget is \(Self.budget): look at the parts "
          + Self.list(passages))
    }
    let parts = PartsMeasurement.Part.allCases.map { part in
      (part.label, Self.median(passages.compactMap { $0.allocations[part] }))
    }
    let rows = (parts + [("all of it", whole), ("the budget", Self.budget)]).map { label, count in
      BenchRow(label: label, values: [("allocations", .count(count))])
    }
    return BenchSection(
      name: "allocations", title: "Allocations: of one signal, inside one process",
      unit: .nanoseconds, rows: rows,
      notes: [
        "Medians of \(passages.count) signals, of the loop's thread alone. The journal, the engine's",
        "turn for the answer, the look at the order and the result are not counted.",
      ])
  }

  private static func list(_ passages: [PartsMeasurement.Passage]) -> String {
    PartsMeasurement.Part.allCases.map { part in
      "\(part.label): \(median(passages.compactMap { $0.allocations[part] }))"
    }.joined(separator: "; ")
  }

  /// A page of the database that is full, or a table that grows, costs one signal more than the others.
  private static func median(_ counts: [Int]) -> Int {
    counts.isEmpty ? 0 : counts.sorted()[counts.count / 2]
  }
}
