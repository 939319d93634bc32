import Domain
import Testing

@testable import Daemon
@testable import Transport

@Suite struct ExchangeOutageTests {
  private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
  private let error = TransportError(
    .perhapsSent, .firstByte, .deadline, endpoint: "http://127.0.0.1:1")

  private func status(
    open: Int, _ lastError: TransportError? = nil, _ unanswered: UnansweredRequests? = nil
  ) -> HTTPClientStatus {
    HTTPClientStatus(
      idle: open, busy: 0, connecting: 0, waiting: 0, lastError: lastError, unanswered: unanswered)
  }

  private func notes(
    _ conditions: inout NotifyConditions, _ status: HTTPClientStatus, after time: Duration,
    wanted: Set<NotificationEvent> = [.exchangeUnreachable]
  ) -> [String] {
    let now = Moment(wall: WallTime(milliseconds: 0), monotonic: start).advanced(by: time)
    return conditions.begun(
      .init(connections: status, key: nil, storageError: nil), wanted: wanted, at: now
    ).map(\.message)
  }

  @Test func `connections over which nothing is answered are an outage after a while`() throws {
    let silent = status(open: 2, nil, UnansweredRequests(since: start, error: error))
    #expect(ExchangeOutage(silent, at: start.advanced(by: .seconds(19))) == nil)
    let outage = try #require(ExchangeOutage(silent, at: start.advanced(by: .seconds(20))))
    #expect(outage.message.hasPrefix("the exchange has answered nothing for 20 s"))
    #expect(outage.message.contains("\(error)"))
  }

  @Test func `one without a connection is an outage at once`() {
    #expect(ExchangeOutage(status(open: 0, error), at: start) != nil)
    #expect(ExchangeOutage(status(open: 0), at: start) == nil)
    #expect(ExchangeOutage(status(open: 1, error), at: start) == nil)
  }

  @Test func `the operator is told of requests that stay unanswered`() {
    var conditions = NotifyConditions()
    let silent = status(open: 2, nil, UnansweredRequests(since: start, error: nil))
    #expect(notes(&conditions, silent, after: .seconds(19)).isEmpty)
    #expect(notes(&conditions, silent, after: .seconds(20)).count == 1)
    #expect(notes(&conditions, silent, after: .seconds(25)).isEmpty)
    #expect(notes(&conditions, status(open: 2), after: .seconds(30)).isEmpty)
  }

  @Test func `an outage that goes on is told once it is to be told`() {
    var conditions = NotifyConditions()
    let silent = status(open: 2, nil, UnansweredRequests(since: start, error: nil))
    #expect(notes(&conditions, silent, after: .seconds(20), wanted: []).isEmpty)
    #expect(notes(&conditions, silent, after: .seconds(25)).count == 1)
    #expect(notes(&conditions, silent, after: .seconds(30)).isEmpty)
  }
}
