import Domain
import JSON
import Testing

/// What a row of the history says to the notify command.
@Suite struct NotificationTests {
  private func notification(ban: Bool, _ reason: String) throws -> Notification {
    let row = HistoryEvent(
      at: WallTime(milliseconds: 0), subject: .daemon, kind: "silence_demanded",
      detail: ["until": 60_000, "ban": .bool(ban), "reason": .string(reason)])
    return try #require(Notification(row, row: 1))
  }

  @Test func `each back-off has its cause and its next step`() throws {
    let demand = try notification(ban: false, "HTTP 429")
    #expect(demand.message == "the exchange demands a back-off: HTTP 429")
    #expect(demand.advice == BanRecord.adviceWhenThrottled)
    let ban = try notification(ban: true, "HTTP 418")
    #expect(ban.message == "the exchange banned this address: HTTP 418")
    #expect(ban.advice == BanRecord.adviceWhenThrottled)
    let firewall = try notification(ban: false, "firewall: Access Denied")
    #expect(firewall.message == "the exchange's firewall refuses this machine: Access Denied")
    #expect(firewall.advice.contains("use another address"))
  }

  /// The command gets it from the outbox, which keeps event and message.
  @Test func `what was kept has the same advice`() throws {
    let firewall = try notification(ban: false, "firewall: Access Denied")
    let kept = Notification(
      firewall.event, at: firewall.at, subject: firewall.subject, message: firewall.message)
    #expect(kept.advice == firewall.advice)
    #expect(
      Notification(.resumed, at: firewall.at, subject: "row 2", message: "").advice
        == "nothing is to be done")
  }
}
