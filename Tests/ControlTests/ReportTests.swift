import Control
import Domain
import Foundation
import Glibc
import JSON
import Platform
import Store
import Testing

/// The page about what came of the signals.
struct ReportTests {
  private let bench: ControlBench
  private var file: String { bench.folder + "/report.html" }

  init() throws {
    bench = try ControlBench()
  }

  private func page() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

  @Test func `a page tells outcomes, refusals and symbols, with the numbers as they are`() throws {
    try bench.write(Story.filledLimit())
    try bench.write(Story.open(at: Story.morning.advanced(by: .seconds(1))))
    try bench.write(Story.deniedAtOnce())
    try bench.write(
      Story(
        "s-small", amount: .base(FixedDecimal("1")), price: nil,
        denied: (.belowMinimum, "too small")))
    let run = try bench.tool(
      "report", "--utc", "--since", "2026-09-25T00:00:00Z", "--output", file, "--json")
    #expect(try run.document == ["ok": true, "path": .string(file), "signals": 4])
    let page = try page()
    #expect(page.hasPrefix("<!doctype html>"))
    for text in [
      "<dt>signals</dt><dd>4</dd>", "<dt>filled</dt><dd>1</dd>", "<dt>denied</dt><dd>2</dd>",
      "<td>BTCUSDT</td><td class=number>3</td><td class=number>1</td><td class=number>59.9</td>",
      "<td>halted</td><td class=number>1</td>", "<td>below_minimum</td><td class=number>1</td>",
      "trading is halted: lunch",
      "From the signal&#39;s arrival to its order&#39;s leaving", "<rect class=c-filled",
    ] { #expect(page.contains(text), "\(text)") }
    // Bought at 59900 and judged by 60010, at a stated price of 60000.
    #expect(page.contains(">-18.33<"))
    #expect(page.contains(">-16.66<"))
    // One signal was sent within a millisecond: that is a number, too.
    #expect(page.components(separatedBy: "nothing in this time").count == 1)
    #expect(!page.contains("<script") && !page.contains("://"))
    #expect(
      try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
  }

  @Test func `what the exchange only checked is not counted as filled`() throws {
    try bench.write(Story.validated())
    _ = try bench.tool("report", "--utc", "--since", "2026-09-25T00:00:00Z", "--output", file)
    let page = try page()
    for text in [
      "<dt>filled</dt><dd>0</dd>", "<dt>validated</dt><dd>1</dd>", "<rect class=c-validated",
      ".c-validated { fill: var(--validated);",
    ] { #expect(page.contains(text), "\(text)") }
    var parts = OutcomeParts(
      from: Story.morning, to: Story.morning.advanced(by: .seconds(60)), count: 1)
    for row in try bench.store.reader.outcomes(since: Story.morning, limit: 2) { parts.add(row) }
    #expect(parts.sorted.first?.counts == ["validated": 1])
  }

  @Test func `without a signal the page says so, and replaces the last one`() throws {
    try Data("old".utf8).write(to: URL(fileURLWithPath: file))
    #expect(try bench.tool("report", "--output", file).output.contains("report.html: 0 signals"))
    #expect(try page().contains("nothing in this time"))
  }

  @Test func `what strangers wrote is no markup`() throws {
    try bench.write(Story.deniedAtOnce(message: "<script>alert('&')</script>"))
    _ = try bench.tool("report", "--since", "2026-09-25", "--utc", "--output", file)
    #expect(try page().contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"))
    #expect(try !page().contains("<script"))
  }

  @Test func `what is no regular file is not replaced`() throws {
    #expect(unsafe mkfifo(file, 0o600) == 0)
    let folder = bench.folder + "/folder"
    let link = bench.folder + "/link"
    #expect(unsafe mkdir(folder, 0o700) == 0)
    #expect(unsafe symlink(folder, link) == 0)
    for place in [file, folder, link, "/dev/null", "/dev/stdout"] {
      let run = try bench.tool("report", "--output", place, "--json")
      #expect(run.status == .failed)
      #expect(
        try run.document["error"] == [
          "code": "refused",
          "message": .string(
            "\(place) is no regular file, and is not replaced; name another --output"),
        ])
    }
    #expect(FileStatus.at(path: file)?.kind == .pipe)
    #expect(FileStatus.at(path: link)?.kind == .link)
    #expect(FileStatus.at(path: "/dev/null")?.kind == .device)
    // Nor is what a link to a file leads to.
    let old = bench.folder + "/old.html"
    try Data("old".utf8).write(to: URL(fileURLWithPath: old))
    #expect(unsafe unlink(link) == 0)
    #expect(unsafe symlink(old, link) == 0)
    #expect(try bench.tool("report", "--output", link).status == .done)
    #expect(FileStatus.at(path: link)?.kind == .regular)
    #expect(try String(contentsOfFile: old, encoding: .utf8) == "old")
  }

  @Test func `a place that takes no file, and no place, are said`() throws {
    let missing = try bench.tool("report", "--output", bench.folder + "/none/report.html", "--json")
    #expect(missing.status == .failed)
    #expect(try missing.document["error"]?["code"] == "unreachable")
    #expect(try bench.tool("report").status == .wrongUsage)
    #expect(
      try bench.tool("report").complaints.contains("'report' needs --output FILE"))
  }
}
