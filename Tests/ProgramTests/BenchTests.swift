import Foundation
import JSON
import TestKit
import Testing

/// What the benchmark counts, and that what it times is there to be timed.
struct BenchTests {
  private func measure(_ arguments: [String]) throws -> JSONValue {
    let bench = try ChildProcess(BuiltProgram.bench.path, ["--json"] + arguments)
    #expect(try bench.waitForEnd() == .exited(0), "\(bench.lines)")
    return try JSONReader.read(Array(bench.output.utf8))
  }

  private func rows(_ name: String, in document: JSONValue) throws -> [String: JSONValue] {
    let rows = try #require(document[name]?.arrayValue)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["what"]?.stringValue ?? "", $0) })
  }

  /// The program itself fails when it is more.
  @Test
  func `one signal asks for memory no more often than its budget allows`() throws {
    let rows = try rows("allocations", in: measure(["--quick", "allocations"]))
    func count(_ row: String) -> Int? {
      rows[row]?["allocations"]?.numberValue.flatMap { Int($0) }
    }
    let budget = try #require(count("the budget"))
    let whole = try #require(count("all of it"))
    // A budget that leaves room for half as much again would keep nothing.
    #expect(whole <= budget && 3 * whole >= 2 * budget || whole == 0)
  }

  @Test
  func `the daemon and the C program take the same signals to the same exchange`() throws {
    let rows = try rows("compare", in: measure(["--signals", "2", "compare"]))
    for price in ["price by REST", "price known"] {
      let reference = try #require(rows["\(price): mexc-bench-reference"])
      let daemon = try #require(rows["\(price): mexc-signald"])
      for row in [reference, daemon] {
        #expect(row["n"]?.numberValue == "2")
        for figure in ["p50_ns", "p99_ns", "p99_to_p50", "ratio", "of_pairs"] {
          #expect(row[figure]?.numberValue.flatMap { Double($0) } ?? 0 > 0, "\(figure)")
        }
      }
    }
  }

  @Test
  func `bursts, fills and floods are measured against the simulated exchange and its limits`()
    throws
  {
    let document = try measure(["--quick", "limits", "fill", "flood"])
    let limits = try #require(rows("limits", in: document)["orders by file, http"])
    #expect(limits["n"]?.numberValue == "48")
    #expect(limits["throttled"]?.numberValue == "0")
    #expect(limits["share"]?.numberValue.flatMap { Double($0) } ?? 0 > 0)
    #expect(limits["looks_each"]?.numberValue.flatMap { Double($0) } ?? .infinity <= 1)
    let fill = try #require(rows("fill", in: document)["by file, http and ws"])
    #expect(fill["n"]?.numberValue == "10")
    let flood = try #require(rows("flood", in: document)["1000 signals, http"])
    for figure in ["dropped_ns", "taken_ns", "judged_ns", "processor_time_ns"] {
      #expect(flood[figure]?.numberValue.flatMap { Int64($0) } ?? 0 > 0, "\(figure)")
    }
  }
}
