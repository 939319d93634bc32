import Domain
import JSON
import TestKit
import Testing

/// A daemon under systemd: what its lines are to the journal.
struct JournalTests {
  /// Its standard error counts as the journal's, and the journal is the test's.
  private func daemon(_ market: SimulatedMarket) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market)
    let library = daemon.scratch("journal.so")
    try PreloadedLibrary.compile("journal-elsewhere.c", to: library)
    daemon.environment["LD_PRELOAD"] = library
    daemon.environment["JOURNAL_SOCKET"] = daemon.scratch("journal")
    daemon.preparation = "export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)"
    return daemon
  }

  @Test func `lines have the fields that the journal is asked for`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    let journal = try NotifySocket(daemon.scratch("journal"))
    try daemon.launch()
    try journal.wait(for: "PRIORITY=6\n", containing: "MESSAGE_ID=\(LogKind.started.rawValue)\n")
    try journal.wait(for: "PRIORITY=6\n", containing: "MESSAGE=trading is open\n")
    #expect(try daemon.submit(Wish("fields").text)["code"] == "accepted")
    let accepted = try journal.wait(
      for: "PRIORITY=6\n", containing: "MESSAGE_ID=\(LogKind.signalAccepted.rawValue)\n")
    let order = try daemon.explain("fields")["signal"]?["client_order_id"]?.stringValue
    for line in [
      "SYSLOG_IDENTIFIER=mexc-signald", "SIGNAL_ID=fields", "SYMBOL=BTCUSDT",
      "CLIENT_ORDER_ID=\(try #require(order))",
    ] {
      #expect(accepted.contains("\n\(line)\n"), "\(accepted)")
    }
    #expect(accepted.contains("\nMESSAGE=accepted signal_id=fields "))
    _ = try daemon.submit(Wish("strange", ["symbol": "DOGEUSDT"]).text)
    let refused = try journal.wait(for: "PRIORITY=5\n", containing: "SIGNAL_ID=strange\n")
    #expect(refused.contains("\nCODE=symbol_not_allowed\n"))
    #expect(refused.contains("\nMESSAGE_ID=\(LogKind.signalRefused.rawValue)\n"))
    #expect(try daemon.stop() == .exited(0))
    #expect(try !daemon.process.lines.contains { $0.contains("signal_id=") })
  }

  @Test func `without a journal the lines go to standard error with their priority`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    try daemon.start()
    try daemon.process.line(with: "<6>trading is open")
  }
}
