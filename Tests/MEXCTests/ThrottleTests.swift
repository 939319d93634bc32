import Domain
import MEXC
import Testing
import Transport

@Suite struct ThrottleTests {
  private static let maximum = Duration.seconds(3 * 86_400 + 600)

  private func notice(
    _ exchange: inout MEXCSpot, _ result: Result<HTTPResponse, TransportError>,
    at now: WallTime = noon
  ) throws -> ThrottleNotice {
    let answer = exchange.answer(to: .serverTime, result, now: now)
    guard case .failed(.throttled(let notice)) = answer else {
      Issue.record("\(answer)")
      return ThrottleNotice(wait: .zero, isBan: false, text: "")
    }
    return notice
  }

  private func wait(_ values: [String], status: Int = 429) throws -> Duration {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let headers: HTTPFields = values.map { (name: "retry-after", value: $0) }
    return try notice(&exchange, response(status, "", headers)).wait
  }

  /// `noon` is 2026-09-21T14:13:20Z, a Monday.
  @Test(arguments: [
    ("5", 5), ("1", 1), ("0", 1), ("00", 1), ("007", 7), ("60", 60), (" 5 ", 5), ("5\t", 5),
    ("600", 600), ("259200", 259_200), ("259800", 259_800),
    ("Mon, 21 Sep 2026 14:13:50 GMT", 30), ("Mon, 21 Sep 2026 15:13:20 GMT", 3_600),
    ("Monday, 21-Sep-26 14:14:20 GMT", 60), ("Mon Sep 21 14:13:25 2026", 5),
    ("Mon, 21 Sep 2026 14:13:20 GMT", 1), ("Mon, 21 Sep 2026 14:13:19 GMT", 1),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
  ])
  func `reads the stated time`(_ value: String, _ seconds: Int) throws {
    #expect(try wait([value]) == .seconds(seconds))
    #expect(try wait([value], status: 418) == .seconds(seconds))
  }

  @Test(arguments: [
    "259801", "31536000", "99999999999999999999", "9223372036854775807", "9223372036854775808",
    "Fri, 25 Dec 2099 00:00:00 GMT",
  ])
  func `bounds the stated time`(_ value: String) throws {
    #expect(try wait([value]) == Self.maximum)
  }

  @Test(arguments: [
    "-1", "+5", "1e3", "5.0", "5s", "", " ", "five", "0x10", "5 6", "5,6", "٥", "Mon",
    "Mon, 21 Sep 2026 14:13:50", "Mon, 31 Feb 2026 14:13:50 GMT", "2026-09-21T14:13:50Z",
  ])
  func `falls back on garbage`(_ value: String) throws {
    #expect(try wait([value]) == .seconds(10))
    #expect(try wait([value], status: 418) == .seconds(600))
  }

  /// Both dates are of one clock, whatever ours says.
  @Test func `measures a date from the answer's own`() throws {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let headers: HTTPFields = [
      (name: "Date", value: "Mon, 21 Sep 2026 13:00:00 GMT"),
      (name: "Retry-After", value: "Mon, 21 Sep 2026 13:00:20 GMT"),
    ]
    #expect(try notice(&exchange, response(429, "", headers)).wait == .seconds(20))
  }

  @Test func `takes the larger of several`() throws {
    #expect(try wait(["5", "30"]) == .seconds(30))
    #expect(try wait(["30", "5"]) == .seconds(30))
    #expect(try wait(["x", "5"]) == .seconds(5))
    #expect(try wait(["5", "Mon, 21 Sep 2026 14:14:20 GMT"]) == .seconds(60))
    #expect(try wait(["x", "y"]) == .seconds(10))
    #expect(try wait([]) == .seconds(10))
    #expect(try wait([], status: 418) == .seconds(600))
  }

  @Test func `doubles while nothing is stated`() throws {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    var now = noon
    func next(_ headers: HTTPFields = []) throws -> Duration {
      let wait = try notice(&exchange, response(429, "", headers), at: now).wait
      now = now.advanced(by: wait)
      return wait
    }
    var waits: [Duration] = []
    for _ in 0..<9 { waits.append(try next()) }
    #expect(waits == [10, 20, 40, 80, 160, 320, 600, 600, 600].map { .seconds($0) })
    // An answer of any other kind begins the series anew; a broken one does not.
    _ = exchange.answer(to: .serverTime, response(503, ""), now: now)
    #expect(try next() == .seconds(600))
    _ = exchange.answer(to: .serverTime, response(200, #"{"serverTime":1}"#), now: now)
    #expect(try next() == .seconds(10))
    #expect(try next([("Retry-After", "7")]) == .seconds(7))
    #expect(try next() == .seconds(10))
  }

  /// Those that had left together are refused together.
  @Test func `does not double for what had left before`() throws {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    func wait(_ status: Int = 429, after time: Duration) throws -> Duration {
      try notice(&exchange, response(status, ""), at: noon.advanced(by: time)).wait
    }
    #expect(try wait(after: .zero) == .seconds(10))
    for delay in [0, 1, 9_999] {
      #expect(try wait(after: .milliseconds(delay)) == .seconds(1))
    }
    #expect(try wait(418, after: .milliseconds(5)) == .seconds(600))
    // A clock that was set back tells nothing.
    #expect(try wait(after: .seconds(-1)) == .seconds(40))
  }

  @Test func `reads the code inside a body`() throws {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let body = #"{"code":429,"msg":"Too Many Requests"}"#
    for status in [200, 400, 429] {
      let notice = try notice(&exchange, response(status, body, [("Retry-After", "4")]))
      #expect(
        notice == ThrottleNotice(wait: .seconds(4), isBan: false, text: "Too Many Requests"))
    }
    let ban = try notice(&exchange, response(418, #"{"code":429,"msg":"x"}"#))
    #expect(ban == ThrottleNotice(wait: .seconds(600), isBan: true, text: "x"))
  }

  @Test func `every request hears it`() throws {
    let link = try symbol("LINKUSDT")
    let requests: [ExchangeRequest] = [
      .serverTime, .instruments([link]), .prices([link]), .tradableSymbols, .keyInformation,
      .accountRights, .place([try orderRequest()]), .validate(try orderRequest()),
      .order(link, .orderID("1")),
      .openOrders(link), .recentOrders(link, since: noon), .trades(link, since: noon),
      .cancel(link, .orderID("1")),
    ]
    let expected = ThrottleNotice(wait: .seconds(3), isBan: false, text: "")
    for request in requests {
      #expect(
        answer(to: request, response(429, "{}", [("Retry-After", "3")]))
          == .failed(.throttled(expected)))
    }
  }
}
