import Configuration
import Domain
import JSON
import Platform
import Testing

@testable import Daemon

@Suite struct StatusReportTests {
  private let now = Clock.now()

  private func facts(ban: BanRecord? = nil, command: [String]? = nil) -> StatusReport.Facts {
    var configuration = Configuration()
    configuration.notify.command = command
    return StatusReport.Facts(
      configuration: configuration, startedAt: now, troubles: [], connections: nil, streams: [],
      priceSource: "none", lastCommitNanoseconds: 0, droppedLogLines: 0, loopTurns: 0, ban: ban)
  }

  @Test func `what only the engine knows is null while there is none`() {
    let ban = BanRecord(
      until: now.wall.advanced(by: .seconds(60)), wait: .seconds(60), isBan: true, reason: "418")
    let report = StatusReport.json(nil, facts(ban: ban), at: now)
    for name in ["careful_start", "waiting", "in_flight", "unknown", "not_found", "open_orders"] {
      #expect(report[name] == .null, "\(name)")
    }
    for name in ["open_orders", "minute_orders"] {
      #expect(report["risk"]?[name] == .null, "\(name)")
    }
    for name in [
      "ip_used", "ip_limit", "uid_used", "uid_limit", "order_used", "order_limit",
      "ceiling_percent",
    ] {
      #expect(report["rate"]?[name] == .null, "\(name)")
    }
    #expect(report["rate"]?["banned_until"]?.stringValue == ban.until.text)
    #expect(report["state"] == "halted")
  }

  @Test(arguments: [nil, ["/bin/true"]] as [[String]?])
  func `the notifications that wait are told where there is a command for them`(
    _ command: [String]?
  ) {
    let snapshot = MetricsSnapshot(
      counts: MetricCounts(), engine: nil, facts: facts(command: command), notificationsWaiting: 3)
    let text = String(decoding: MetricsText.render(snapshot, files: []), as: UTF8.self)
    #expect(text.contains("\nmexc_signald_notifications_waiting 3\n") == (command != nil))
    #expect(!text.contains("\nmexc_signald_careful_start "))
  }
}
