import JSON
import TestKit
import Testing

/// What the doctor makes of a daemon that runs.
struct DoctorDaemonTests {
  @Test func `a problem of the running daemon counts`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.operate("halt", "lunch").status == 0)
    let run = try DoctorRun(daemon)
    #expect(run.failed.isEmpty, "\(run.text)")
    #expect(run.document["daemon"]?["problems"]?.arrayValue?.isEmpty == false, "\(run.text)")
    #expect(run.status == 1 && run.document["ok"] == false, "\(run.text)")
    #expect(run.document["daemon_error"] == .null)
    #expect(try daemon.operate("doctor").status == 1)
  }
}
