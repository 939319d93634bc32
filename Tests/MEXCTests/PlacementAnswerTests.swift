import Domain
import MEXC
import Testing
import Transport

/// What an answer to a placement proves.
enum PlacementVerdict: Equatable, Sendable {
  case placed(String)
  /// Refused for certain: no order was made.
  case refused(Int, ExchangeError.Action)
  /// An error code that proves nothing about the order.
  case doubtful(Int, ExchangeError.Action)
  case unreadable, blocked, notSent, noAnswer
  case throttled(isBan: Bool, isDefinite: Bool = true)

  /// Of an answer about one order.
  init?(_ answer: ExchangeAnswer) {
    self.init(answer.placementReadings(of: 1)[0])
  }

  init?(_ outcome: Result<PlacementAnswer, ExchangeFailure>) {
    switch outcome {
    case .success(.placed(let orderID)): self = .placed(orderID)
    case .success(.validated): return nil
    case .failure(.refused(let error)) where error.refusesPlacement:
      self = .refused(error.code, error.action)
    case .failure(.refused(let error)): self = .doubtful(error.code, error.action)
    case .failure(.unreadable): self = .unreadable
    case .failure(.blocked): self = .blocked
    case .failure(.notSent): self = .notSent
    case .failure(.noAnswer): self = .noAnswer
    case .failure(.throttled(let notice)):
      self = .throttled(isBan: notice.isBan, isDefinite: notice.isDefinite)
    }
  }
}

struct PlacementRow: CustomTestStringConvertible, Sendable {
  let status: Int
  let body: String
  let verdict: PlacementVerdict

  init(_ status: Int, _ body: String, _ verdict: PlacementVerdict) {
    self.status = status
    self.body = body
    self.verdict = verdict
  }

  /// An error body in MEXC's shape, with status 400.
  static func code(_ code: Int, _ verdict: PlacementVerdict) -> PlacementRow {
    PlacementRow(400, #"{"code":\#(code),"msg":"no"}"#, verdict)
  }

  var testDescription: String { "\(status) \(body.prefix(70))" }
}

private let good = #"""
  {"symbol":"LINKUSDT","orderId":"C02__612203344556677889912","orderListId":-1,"price":"21.400",
  "origQty":"1.25","type":"LIMIT","side":"BUY","stpMode":"","transactTime":1790000001456}
  """#

private let page = "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>"

@Suite struct PlacementAnswerTests {
  static let acknowledgements: [PlacementRow] = [
    .init(200, good, .placed("C02__612203344556677889912")),
    .init(
      200, #"{"side":"BUY","symbol":"LINKUSDT","orderId":"0f1e2d3c4b5a69788796a5b4c3d2e1f0"}"#,
      .placed("0f1e2d3c4b5a69788796a5b4c3d2e1f0")),
    .init(
      200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":"7","type":"IMMEDIATE_OR_CANCEL"}"#,
      .placed("7")),
    .init(
      200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":90071992547409931234}"#,
      .placed("90071992547409931234")),
    .init(
      200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":"7","clientOrderId":"sg-1"}"#,
      .placed("7")),
    .init(
      200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":"7","clientOrderId":null}"#, .placed("7")),
    .init(200, #"{"code":0,"symbol":"LINKUSDT","side":"BUY","orderId":"7"}"#, .placed("7")),
    .init(
      200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":"7","clientOrderId":"sg-2"}"#, .unreadable),
    .init(200, #"{"symbol":"BTCUSDT","side":"BUY","orderId":"7"}"#, .unreadable),
    .init(200, #"{"symbol":"linkusdt","side":"BUY","orderId":"7"}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"SELL","orderId":"7"}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","orderId":"7"}"#, .unreadable),
    .init(200, #"{"side":"BUY","orderId":"7"}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY"}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":""}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":null}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":1.5}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":-1}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":["7"]}"#, .unreadable),
    .init(200, #"{"symbol":"LINKUSDT","side":"BUY","orderId":"7","orderId":"8"}"#, .unreadable),
    .init(200, "{}", .unreadable), .init(200, "", .unreadable), .init(200, "null", .unreadable),
    .init(200, "[]", .unreadable), .init(200, "[\(good)]", .unreadable),
    .init(200, "\"ok\"", .unreadable), .init(200, page, .unreadable),
    .init(200, String(good.dropLast(2)), .unreadable), .init(200, good + "x", .unreadable),
    .init(200, #"{"code":200}"#, .unreadable),
    .init(200, #"{"code":0,"msg":"success"}"#, .unreadable),
    .init(200, #"{"code":"ok"}"#, .unreadable), .init(200, #"{"code":null}"#, .unreadable),
    .init(201, good, .unreadable), .init(202, "", .unreadable), .init(204, "", .unreadable),
  ]

  static let refusals: [PlacementRow] = [
    .code(10101, .refused(10101, .size)), .code(30004, .refused(30004, .size)),
    .code(30005, .refused(30005, .size)), .code(30002, .refused(30002, .size)),
    .code(30003, .refused(30003, .size)), .code(10007, .refused(10007, .skip)),
    .code(30014, .refused(30014, .fix)), .code(30021, .refused(30021, .fix)),
    .code(30000, .refused(30000, .suspended)), .code(30016, .refused(30016, .suspended)),
    .code(30018, .refused(30018, .skip)), .code(30019, .refused(30019, .skip)),
    .code(30041, .refused(30041, .skip)), .code(602, .refused(602, .halt)),
    .code(700001, .refused(700001, .halt)), .code(700002, .refused(700002, .halt)),
    .code(700003, .refused(700003, .clock)), .code(700006, .refused(700006, .halt)),
    .code(700007, .refused(700007, .halt)), .code(10072, .refused(10072, .halt)),
    .code(700004, .refused(700004, .fix)), .code(700005, .refused(700005, .fix)),
    .code(700008, .refused(700008, .fix)), .code(33333, .refused(33333, .fix)),
    .code(44444, .refused(44444, .fix)), .code(30029, .refused(30029, .wait)),
    .code(-1021, .refused(-1021, .clock)), .code(-1022, .refused(-1022, .halt)),
    .code(-2010, .refused(-2010, .size)), .code(-2014, .refused(-2014, .halt)),
    .code(-2015, .refused(-2015, .halt)), .code(400, .refused(400, .fix)),
    .code(30051, .refused(30051, .skip)), .code(30087, .refused(30087, .fix)),
    .code(30001, .refused(30001, .skip)), .code(30020, .refused(30020, .skip)),
    .code(30025, .refused(30025, .wait)), .code(30027, .refused(30027, .skip)),
    .code(30028, .refused(30028, .skip)), .code(30032, .refused(30032, .size)),
    .code(26, .refused(26, .skip)), .code(70011, .refused(70011, .skip)),
    .code(10096, .refused(10096, .fix)), .code(730001, .refused(730001, .fix)),
    .code(10073, .refused(10073, .clock)), .code(401, .refused(401, .halt)),
    .init(401, #"{"code":401,"msg":"No authority!"}"#, .refused(401, .halt)),
    .init(400, #"{"msg":" amount scale is invalid","code":400}"#, .refused(400, .fix)),
    .init(400, #"{"code":"30004","msg":null}"#, .refused(30004, .size)),
    .init(422, #"{"code":30087,"msg":"x","_extend":null}"#, .refused(30087, .fix)),
    .init(200, #"{"code":30002,"msg":"too small"}"#, .refused(30002, .size)),
    .init(200, #"{"msg":"x","code":"30005"}"#, .refused(30005, .size)),
    .init(400, #"{"msg":"x","code":30002,"_extend":null}"#, .refused(30002, .size)),
    .init(401, #"{"code":700002,"msg":"x"}"#, .refused(700002, .halt)),
    // These name no order.
    .init(200, #"{"code":30002,"orderId":null}"#, .refused(30002, .size)),
    .init(200, #"{"code":30002,"orderId":""}"#, .refused(30002, .size)),
    .init(200, #"{"code":30002,"orderId":0}"#, .refused(30002, .size)),
    .init(400, #"{"code":30002,"orderId":"-1"}"#, .refused(30002, .size)),
  ]

  static let doubts: [PlacementRow] = [
    // An order's id beside a refusal: one of them is wrong.
    .init(200, #"{"code":30002,"msg":"no",\#(good.dropFirst())"#, .unreadable),
    .init(400, #"{"code":30002,"msg":"no",\#(good.dropFirst())"#, .unreadable),
    .init(400, #"{"code":10072,"orderId":7}"#, .unreadable),
    .init(400, #"{"code":30002,"orderId":{"id":"7"}}"#, .unreadable),
    .init(200, #"{"code":429,"orderId":"7"}"#, .throttled(isBan: false, isDefinite: false)),
    .init(429, #"{"code":429,"orderId":"7"}"#, .throttled(isBan: false, isDefinite: false)),
    .code(-2011, .doubtful(-2011, .query)), .code(-2013, .doubtful(-2013, .query)),
    .code(10203, .doubtful(10203, .query)), .code(30026, .doubtful(30026, .query)),
    .code(20001, .doubtful(20001, .query)), .code(20002, .doubtful(20002, .query)),
    .code(500, .unreadable), .code(503, .unreadable), .code(504, .unreadable),
    .code(11444, .doubtful(11444, .wait)),
    .code(10098, .doubtful(10098, .halt)), .code(700009, .doubtful(700009, .fix)),
    .code(730000, .doubtful(730000, .halt)), .code(22222, .doubtful(22222, .fix)),
    .code(30099, .doubtful(30099, .query)),
    .init(404, #"{"code":"30099","msg":"x"}"#, .doubtful(30099, .query)),
    .init(200, #"{"code":30099,"msg":"x"}"#, .doubtful(30099, .query)),
    .init(400, #"{"code":"NOT_ALLOWED","msg":"x"}"#, .unreadable),
    .code(99_999, .doubtful(99_999, .query)), .code(-1, .doubtful(-1, .query)),
    .init(401, "", .doubtful(401, .halt)), .init(401, page, .unreadable),
    .init(400, "", .unreadable), .init(400, page, .unreadable), .init(400, "{}", .unreadable),
    .init(400, #"{"msg":"no code"}"#, .unreadable), .init(400, #"{"code":0}"#, .unreadable),
    .init(400, #"{"code":200}"#, .unreadable), .init(400, good, .unreadable),
    .init(400, #"{"code":3.5}"#, .unreadable),
    .init(400, #"{"code":99999999999999999999}"#, .unreadable),
    .init(404, page, .unreadable), .init(408, "", .unreadable),
    .init(403, page, .blocked), .init(403, #"{"code":403,"msg":"denied"}"#, .blocked),
    .init(403, #"{"code":30002,"msg":"no"}"#, .blocked), .init(403, "", .blocked),
    .init(301, "", .unreadable), .init(307, good, .unreadable), .init(304, "", .unreadable),
    .init(500, page, .unreadable), .init(500, #"{"code":30002,"msg":"no"}"#, .unreadable),
    .init(502, "", .unreadable), .init(503, good, .unreadable),
    .init(503, #"{"code":503,"msg":"Unknown error"}"#, .unreadable), .init(504, "", .unreadable),
    .init(429, #"{"code":429,"msg":"Too Many Requests"}"#, .throttled(isBan: false)),
    .init(429, #"{"msg":"Too Many Requests"}"#, .throttled(isBan: false)),
    .init(429, "", .throttled(isBan: false, isDefinite: false)),
    .init(429, page, .throttled(isBan: false, isDefinite: false)),
    .init(429, #"{"code":510,"msg":"x"}"#, .throttled(isBan: false, isDefinite: false)),
    .init(418, page, .throttled(isBan: true, isDefinite: false)),
    .init(418, #"{"code":"418"}"#, .throttled(isBan: true)),
    .init(400, #"{"code":429,"msg":"Too Many Requests"}"#, .throttled(isBan: false)),
    .init(200, #"{"code":429,"msg":"Too Many Requests"}"#, .throttled(isBan: false)),
    .init(200, #"{"code":418}"#, .throttled(isBan: true)),
    .init(400, #"{"code":510,"msg":"Too frequent"}"#, .throttled(isBan: false, isDefinite: false)),
    .init(200, #"{"code":510,"msg":"Too frequent"}"#, .throttled(isBan: false, isDefinite: false)),
  ]

  @Test(arguments: [
    #"" ""#, "0", #""0""#, #""-1""#, #""7 ""#, #""7\n&symbol=X""#, #""７""#, #""C02/1""#,
    "\"\(String(repeating: "7", count: 65))\"", String(repeating: "7", count: 65),
  ])
  func `what no order's id can be names no order`(_ id: String) throws {
    let placed = #"{"symbol":"LINKUSDT","side":"BUY","orderId":\#(id)}"#
    let answer = answer(to: .place([try orderRequest()]), response(200, placed))
    #expect(PlacementVerdict(answer) == .unreadable, "\(answer)")
  }

  @Test(arguments: [
    "C02__443776347957968896058", "C01__360912809799798787", "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "00", "-", String(repeating: "7", count: 64),
  ])
  func `every form of an order's id that is seen names one`(_ id: String) throws {
    let placed = #"{"symbol":"LINKUSDT","side":"BUY","orderId":"\#(id)"}"#
    let answer = answer(to: .place([try orderRequest()]), response(200, placed))
    #expect(PlacementVerdict(answer) == .placed(id), "\(answer)")
  }

  @Test(arguments: acknowledgements + refusals + doubts)
  func `sorts the answer`(_ row: PlacementRow) throws {
    let answer = answer(to: .place([try orderRequest()]), response(row.status, row.body))
    #expect(PlacementVerdict(answer) == row.verdict, "\(answer)")
  }

  @Test(arguments: [
    ("market order is disabled", ExchangeError.Action.skip), ("", .skip),
    ("Account temporarily cannot order, contact support", .halt), ("账户暂时不能下单", .halt),
  ])
  func `that market orders are disabled may be about the account`(
    text: String, action: ExchangeError.Action
  ) throws {
    let order = try orderRequest(.buy, .market)
    let refusal = response(400, #"{"code":30018,"msg":"\#(text)"}"#)
    for request in [ExchangeRequest.place([order]), .validate(order)] {
      #expect(PlacementVerdict(answer(to: request, refusal)) == .refused(30018, action))
    }
  }

  /// Nothing but the reviewed list may count as "no order was made".
  @Test func `only the reviewed codes refuse for certain`() throws {
    let certain = ErrorTable.codes.filter {
      ErrorTable.error(code: $0, text: "").refusesPlacement
    }
    #expect(
      certain == [
        -2015, -2014, -2010, -1128, -1121, -1022, -1021, 26, 400, 401, 402, 406, 602, 10001, 10007,
        10015, 10072, 10073, 10095, 10096, 10097, 10101, 10102, 30000, 30001, 30002, 30003, 30004,
        30005, 30010, 30014, 30016, 30018, 30019, 30020, 30021, 30025, 30027, 30028, 30029, 30032,
        30041, 30051, 30087, 33333, 44444, 60005, 70011, 700001, 700002, 700003, 700004, 700005,
        700006, 700007, 700008, 700011, 700013, 730001, 730002,
      ])
  }

  /// The whole text reaches the person, and neither the key nor a novel does.
  @Test(arguments: [
    (#"{"code":30099,"msg":" amount scale is invalid"}"#, "amount scale is invalid"),
    (#"{"code":30099,"msg":null,"data":null,"_extend":null}"#, ""),
    (#"{"code":30099,"msg":"余额不足"}"#, "余额不足"),
    (#"{"code":30099,"msg":"no","data":"minimum 5"}"#, "no; minimum 5"),
    (#"{"code":30099,"msg":"","data":{"minimum":5}}"#, #"{"minimum":5}"#),
    (#"{"code":30099,"msg":"no","data":{},"_extend":{"a":[1]}}"#, #"no; {"a":[1]}"#),
    (#"{"code":30099,"msg":"key mx0aBYs33eIilxBWC5 unknown"}"#, "key … unknown"),
  ])
  func `the exchange's words are kept`(_ body: String, _ text: String) throws {
    var exchange = MEXCSpot(
      credentials: try documentedCredentials(), receiveWindow: .seconds(5))
    let answer = exchange.answer(
      to: .place([try orderRequest()]), response(400, body), now: noon)
    guard case .failed(.refused(let error)) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(error.text == text)
  }

  @Test func `a broken transport says how far it got`() throws {
    let unsent = TransportError(.notSent, .connect, .deadline, endpoint: "https://api.mexc.com")
    let sent = TransportError(
      .perhapsSent, .firstByte, .peerClosed, endpoint: "https://api.mexc.com")
    let request = ExchangeRequest.place([try orderRequest()])
    #expect(answer(to: request, .failure(unsent)) == .failed(.notSent(unsent.description)))
    #expect(answer(to: request, .failure(sent)) == .failed(.noAnswer(sent.description)))
  }

  @Test func `the test endpoint answers empty`() throws {
    let request = ExchangeRequest.validate(try orderRequest())
    #expect(answer(to: request, response(200, "{}")) == .validated)
    #expect(answer(to: request, response(200, #"{"code":0}"#)) == .validated)
    let refused = answer(to: request, response(400, #"{"code":30002,"msg":"small"}"#))
    #expect(PlacementVerdict(refused) == .refused(30002, .size))
    #expect(PlacementVerdict(answer(to: request, response(200, "[]"))) == .unreadable)
  }

  @Test func `a foreign page is not repeated`() throws {
    let echo = "<html>signature=0123456789abcdef X-MEXC-APIKEY: mx0key</html>"
    for status in [200, 403, 404, 503] {
      let answer = answer(to: .place([try orderRequest()]), response(status, echo, []))
      #expect(!"\(answer)".contains("mx0key"), "\(answer)")
    }
  }
}
