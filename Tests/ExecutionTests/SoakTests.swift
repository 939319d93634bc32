import Domain
import Execution
import Testing

@Suite struct SoakTests {
  @Test(arguments: 1...20)
  func `anything may happen`(seed: Int) {
    let soak = Soak(seed: UInt64(seed))
    soak.run(steps: 200)
    #expect(soak.violations == [], "seed \(seed)")
  }

  /// The soak means something only if it gets everywhere.
  @Test func `the soak reaches every end`() {
    var reached: [String: Int] = [:]
    for seed in 1_000..<1_015 {
      let soak = Soak(seed: UInt64(seed))
      soak.run(steps: 200)
      #expect(soak.violations == [], "seed \(seed)")
      reached.merge(soak.reached) { $0 + $1 }
    }
    for status in [
      "filled", "canceled", "partially_canceled", "rejected", "expired", "denied",
      "not_found", "crash",
    ] {
      #expect(reached[status, default: 0] >= 5, "\(status) of \(reached)")
    }
    #expect(reached["placement", default: 0] > 250)
    #expect(reached["batch", default: 0] > 5)
  }

  @Test(arguments: [3, 17])
  func `the same seed gives the same effects`(seed: Int) {
    let runs = (0..<2).map { _ in
      let soak = Soak(seed: UInt64(seed), keepsTrace: true)
      soak.run(steps: 200)
      return soak.harness.trace
    }
    #expect(runs[0].count > 300)
    #expect(runs[0] == runs[1])
  }
}
