import Foundation
import Glibc
import JSON
import SimulatedExchange
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
    // A sanitizer has a heap of its own, where nothing is counted.
    let isSanitized = unsafe dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
    #expect(whole <= budget && 3 * whole >= 2 * budget || whole == 0 && isSanitized)
  }

  @Test
  func `what is not counted is said below the count`() throws {
    let bench = try ChildProcess(BuiltProgram.bench.path, ["--quick", "allocations"])
    #expect(try bench.waitForEnd() == .exited(0), "\(bench.lines)")
    #expect(bench.output.contains("of the loop's thread alone"))
    #expect(bench.output.contains("the result are not counted"))
  }

  @Test
  func `the daemon and the C program take the same signals to the same exchange`() throws {
    let rows = try rows("compare", in: measure(["--signals", "2", "compare"]))
    let prices = ["price by REST", "price known", "price known, C program run in", "price pushed"]
    for price in prices {
      let reference = try #require(rows["\(price): mexc-bench-reference"])
      let daemon = try #require(rows["\(price): mexc-signald"])
      for row in [reference, daemon] {
        #expect(row["n"]?.numberValue == "2")
        #expect(row["left_out"]?.numberValue != nil)
        for figure in ["p50_ns", "p99_ns", "p99_to_p50", "ratio", "of_pairs"] {
          #expect(row[figure]?.numberValue.flatMap { Double($0) } ?? 0 > 0, "\(figure)")
        }
      }
    }
  }

  /// A commit that makes a file longer waits for the file system's own.
  @Test(arguments: [("run-in", false), ("fresh", true)])
  func `a signal makes the C program's WAL longer only where its database is new`(
    database: String, isLonger: Bool
  ) throws {
    let files = try Scratch()
    let authority = try Authority(files)
    let market = try SimulatedMarket(
      SimulatedMarket.calm + ["--tls", authority.certificate, authority.key])
    try files.folder("incoming")
    let program = try ChildProcess(
      BuiltProgram.reference.path,
      [
        files("incoming"), files("state.db"), String(market.port), authority.file, "known",
        database,
      ],
      environment: [
        "MEXC_API_KEY": SimulatorConfiguration.demoKey,
        "MEXC_SECRET_KEY": SimulatorConfiguration.demoSecret,
      ])
    #expect(try program.firstOutputLine() == "ready")
    func lengthOfWAL() throws -> Int {
      let attributes = try FileManager.default.attributesOfItem(atPath: files("state.db-wal"))
      return try #require(attributes[.size] as? Int)
    }
    let before = try lengthOfWAL()
    try files.write("signal.json", Wish("wal").text)
    try files.move("signal.json", "incoming/signal.json")
    try program.wait(for: "the signal's file to be removed") { () -> Bool? in
      if program.hasEnded { throw Unusable(program.tail) }
      return FileManager.default.fileExists(atPath: files("incoming/signal.json")) ? nil : true
    }
    let after = try lengthOfWAL()
    #expect((after > before) == isLonger)
  }

  @Test
  func `what is idle with its streams is measured while they are open`() throws {
    let rows = try rows("idle", in: measure(["--quick", "idle"]))
    for when in ["after the start", "both streams connected"] {
      let row = try #require(rows["https, \(when)"])
      #expect(row["resident_bytes"]?.numberValue.flatMap { Int($0) } ?? 0 > 0)
    }
  }

  @Test
  func `the parts are those on the way to the wire, then those after it`() throws {
    let document = try measure(["--quick", "parts"])
    let rows = try #require(document["parts"]?.arrayValue)
    let labels = rows.dropLast().map { $0["what"]?.stringValue ?? "" }
    let way = labels.prefix { $0.hasPrefix("to the wire, ") }
    #expect(way.first?.contains("the file") == true)
    #expect(way.last?.contains("HTTP client") == true)
    // What others do on this processor is no part of what the daemon does.
    #expect(way.contains("to the wire, yields to the kernel's workers"))
    #expect(labels.count > way.count)
    #expect(labels.dropFirst(way.count).allSatisfy { $0.hasPrefix("after it, ") })
    #expect(rows.last?["what"]?.stringValue == "to the wire, all of it")
    for row in rows { #expect(row["n"]?.numberValue == "100", "\(row)") }
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
    #expect(limits["windows"]?.numberValue != nil)
    let requests = limits["share_of_requests"]?.numberValue.flatMap { Double($0) } ?? 0
    #expect(requests > 0 && requests <= 1)
    #expect(limits["looks_each"]?.numberValue.flatMap { Double($0) } ?? .infinity <= 1)
    let fill = try #require(rows("fill", in: document)["by file, http and ws"])
    #expect(fill["n"]?.numberValue == "10")
    let flood = try #require(rows("flood", in: document)["1000 signals, http"])
    for figure in ["dropped_ns", "taken_ns", "judged_ns", "processor_time_ns"] {
      #expect(flood[figure]?.numberValue.flatMap { Int64($0) } ?? 0 > 0, "\(figure)")
    }
  }
}
