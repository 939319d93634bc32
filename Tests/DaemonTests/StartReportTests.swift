import Domain
import Platform
import Testing

@testable import Daemon

@Suite struct StartReportTests {
  @Test func `a halt of this run is not told as one of an earlier run`() throws {
    let journal = try Journal()
    let logger = Logger(level: .info, format: .logfmt, descriptor: journal.number)
    var halted = StoredState()
    halted.halt = HaltRecord(reason: "r", since: Clock.wall())
    let report = StartReport(.live, logger)
    report.log(StoredState())
    report.log(halted)
    #expect(try journal.lines(of: logger) == 0)
    StartReport(.live, logger).log(halted)
    #expect(try journal.lines(of: logger) == 1)
  }
}
