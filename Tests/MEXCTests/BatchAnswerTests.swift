import Domain
import MEXC
import Testing
import Transport

/// Several orders in one request: each has an outcome of its own, and none is guessed.
@Suite struct BatchAnswerTests {
  private static func requests() throws -> [OrderRequest] {
    try (1...3).map { number in
      var request = try orderRequest()
      request.clientOrderID = try clientOrderID("sg-\(number)")
      return request
    }
  }

  private static func placed(_ number: Int) -> String {
    #"{"symbol":"LINKUSDT","orderId":"C\#(number)","newClientOrderId":"sg-\#(number)"}"#
  }

  private static func refused(_ number: Int?, _ code: Int = 30_002) -> String {
    let name = number.map { #""newClientOrderId":"sg-\#($0)","# } ?? ""
    return #"{\#(name)"msg":"no","code":\#(code)}"#
  }

  struct Row: CustomTestStringConvertible, Sendable {
    let body: String
    let verdicts: [PlacementVerdict]

    init(_ elements: [String], _ verdicts: PlacementVerdict...) {
      body = "[" + elements.joined(separator: ",") + "]"
      self.verdicts = verdicts
    }

    var testDescription: String { body }
  }

  private static let tooSmall = PlacementVerdict.refused(30_002, .size)

  static let rows = [
    Row([placed(1), placed(2), placed(3)], .placed("C1"), .placed("C2"), .placed("C3")),
    // The order of the elements is not documented.
    Row([placed(3), placed(1), refused(2)], .placed("C1"), tooSmall, .placed("C3")),
    Row([refused(1), refused(2), refused(3)], tooSmall, tooSmall, tooSmall),
    // What names no order is about one of those that no element names.
    Row([placed(1), refused(nil), placed(3)], .placed("C1"), tooSmall, .placed("C3")),
    Row([refused(nil), refused(nil), placed(2)], tooSmall, .placed("C2"), tooSmall),
    Row([refused(nil, 30_099), placed(1), placed(2)], .placed("C1"), .placed("C2"), .unreadable),
    Row(
      [refused(nil), refused(nil, 30_099), placed(2)], .unreadable, .placed("C2"), .unreadable),
    Row(
      [#"{"symbol":"LINKUSDT","orderId":"7"}"#, placed(2), refused(nil)], .unreadable,
      .placed("C2"), .unreadable),
    // What is wrong with the account is so for every order, and proves no more than the others do.
    Row(
      [refused(nil, 10_098), placed(2), refused(nil, 10_098)], .doubtful(10_098, .halt),
      .placed("C2"), .doubtful(10_098, .halt)),
    Row(
      [refused(nil, 10_072), placed(2), refused(nil, 30_099)], .doubtful(10_072, .halt),
      .placed("C2"), .doubtful(10_072, .halt)),
    Row(
      [refused(nil, 10_098), placed(2), refused(nil, 429)],
      .throttled(isBan: false, isDefinite: false), .placed("C2"),
      .throttled(isBan: false, isDefinite: false)),
    Row(
      [refused(nil, 10_072), placed(2), refused(nil, 503)], .unreadable, .placed("C2"),
      .unreadable),
    // An internal failure says nothing, and neither does a code that is not reviewed.
    Row([refused(1, 503), placed(2), placed(3)], .unreadable, .placed("C2"), .placed("C3")),
    Row(
      [refused(1, 30_099), placed(2), placed(3)], .doubtful(30_099, .query), .placed("C2"),
      .placed("C3")),
    Row(
      [#"{"newClientOrderId":"sg-1","orderId":"7"}"#, placed(2), placed(3)], .unreadable,
      .placed("C2"), .placed("C3")),
    Row(
      [#"{"newClientOrderId":"sg-1","symbol":"BTCUSDT","orderId":"7"}"#, placed(2), placed(3)],
      .unreadable, .placed("C2"), .placed("C3")),
    Row(
      [#"{"newClientOrderId":"sg-1","symbol":"LINKUSDT"}"#, placed(2), placed(3)], .unreadable,
      .placed("C2"), .placed("C3")),
    Row(
      [
        #"{"newClientOrderId":"sg-1","symbol":"LINKUSDT","orderId":"0"}"#, placed(2), placed(3),
      ],
      .unreadable, .placed("C2"), .placed("C3")),
    Row(["7", placed(2), placed(3)], .unreadable, .placed("C2"), .placed("C3")),
    // One order of the exchange cannot be two of ours.
    Row(
      [placed(1), #"{"symbol":"LINKUSDT","orderId":"C1","newClientOrderId":"sg-2"}"#, placed(3)],
      .unreadable, .unreadable, .placed("C3")),
    Row(
      [placed(1), #"{"symbol":"LINKUSDT","orderId":"C1"}"#, placed(3)], .unreadable, .unreadable,
      .placed("C3")),
    // A refusal that names an order contradicts itself.
    Row(
      [
        #"{"symbol":"LINKUSDT","orderId":"7","newClientOrderId":"sg-1","code":30002}"#, placed(2),
        placed(3),
      ], .unreadable, .placed("C2"), .placed("C3")),
    Row(
      [
        #"{"symbol":"LINKUSDT","orderId":null,"newClientOrderId":"sg-1","code":30002}"#, placed(2),
        placed(3),
      ], tooSmall, .placed("C2"), .placed("C3")),
    // A limit refuses orders one by one, too.
    Row(
      [refused(1, 429), placed(2), refused(3)], .throttled(isBan: false), .placed("C2"), tooSmall),
    Row(
      [refused(1, 418), placed(2), placed(3)], .throttled(isBan: true), .placed("C2"), .placed("C3")
    ),
    Row(
      [refused(1, 510), placed(2), placed(3)], .throttled(isBan: false, isDefinite: false),
      .placed("C2"), .placed("C3")),
    Row(
      [#"{"orderId":"7","newClientOrderId":"sg-1","code":429}"#, placed(2), placed(3)],
      .throttled(isBan: false, isDefinite: false), .placed("C2"), .placed("C3")),
    Row(
      [refused(nil, 429), placed(1), placed(2)], .placed("C1"), .placed("C2"),
      .throttled(isBan: false)),
    // Whichever of the two is its own, it was not placed.
    Row(
      [refused(nil, 429), refused(nil), placed(2)], .throttled(isBan: false), .placed("C2"),
      .throttled(isBan: false)),
    Row(
      [refused(nil), refused(nil, 429), placed(2)], .throttled(isBan: false), .placed("C2"),
      .throttled(isBan: false)),
    Row(
      [refused(nil, 429), refused(nil, 30_099), placed(2)],
      .throttled(isBan: false, isDefinite: false), .placed("C2"),
      .throttled(isBan: false, isDefinite: false)),
    // Not the answer to what was asked: nothing of it is believed.
    Row([placed(1), placed(2)], .unreadable, .unreadable, .unreadable),
    Row([placed(1), placed(2), placed(2)], .unreadable, .unreadable, .unreadable),
    Row([placed(1), placed(2), placed(4)], .unreadable, .unreadable, .unreadable),
    Row([], .unreadable, .unreadable, .unreadable),
  ]

  @Test(arguments: rows)
  func `each order has its own outcome`(_ row: Row) throws {
    let answer = answer(to: .place(try Self.requests()), response(200, row.body))
    #expect(answer.placementReadings(of: 3).map { PlacementVerdict($0) } == row.verdicts)
  }

  @Test(arguments: [
    (200, "{}", PlacementVerdict.unreadable), (503, "[]", .unreadable), (504, "", .unreadable),
    (429, "{}", .throttled(isBan: false)), (400, #"{"code":700003}"#, .refused(700_003, .clock)),
    (400, #"{"code":10072}"#, .refused(10_072, .halt)),
    // A refusal of one order proves nothing of the others in the request.
    (400, #"{"code":30004}"#, .doubtful(30_004, .size)),
    (400, #"{"code":10101}"#, .doubtful(10_101, .size)),
    (400, #"{"code":30000}"#, .doubtful(30_000, .suspended)),
    (400, #"{"code":30099}"#, .doubtful(30_099, .query)),
    (400, #"{"code":400,"msg":" amount scale is invalid"}"#, .doubtful(400, .fix)),
    (400, #"{"code":33333}"#, .doubtful(33_333, .fix)),
    (400, #"{"code":700004}"#, .doubtful(700_004, .fix)),
    (400, #"{"code":700008}"#, .doubtful(700_008, .fix)),
    (400, #"{"code":-1128}"#, .doubtful(-1128, .fix)),
    (400, #"{"code":-2010}"#, .doubtful(-2010, .size)),
    (400, #"{"code":700013}"#, .refused(700_013, .fix)),
    (400, #"{"code":-1021}"#, .refused(-1021, .clock)),
    (400, #"{"code":30018,"msg":"account cannot order"}"#, .doubtful(30_018, .halt)),
  ])
  func `what became of the whole request became of each`(
    _ status: Int, _ body: String, _ verdict: PlacementVerdict
  ) throws {
    let answer = answer(to: .place(try Self.requests()), response(status, body))
    let verdicts = answer.placementReadings(of: 3).map { PlacementVerdict($0) }
    #expect(verdicts == [verdict, verdict, verdict])
  }

  @Test func `refusals that name no order are each order's possible reasons`() throws {
    let body =
      #"[{"code":30004,"msg":"Insufficient"},{"code":30002,"msg":"Too small"},"#
      + #"{"code":30004,"msg":"Insufficient"}]"#
    let answer = answer(to: .place(try Self.requests()), response(200, body))
    for reading in answer.placementReadings(of: 3) {
      guard case .failure(.refused(let error)) = reading else {
        Issue.record("\(reading)")
        continue
      }
      #expect(error.code == 30004)
      #expect(error.text.hasPrefix("Insufficient, or code 30002: Too small (the answer does not"))
    }
  }

  @Test func `an element's text is cut, and shows no key`() throws {
    var exchange = MEXCSpot(credentials: try documentedCredentials(), receiveWindow: .seconds(5))
    let long = "key mx0aBYs33eIilxBWC5 " + String(repeating: "x", count: 2_000)
    let body =
      "["
      + (1...3).map {
        #"{"newClientOrderId":"sg-\#($0)","code":30002,"msg":"\#(long)"}"#
      }.joined(separator: ",") + "]"
    let answer = exchange.answer(
      to: .place(try Self.requests()), response(200, body), now: noon)
    for reading in answer.placementReadings(of: 3) {
      guard case .failure(.refused(let error)) = reading else {
        Issue.record("\(reading)")
        continue
      }
      #expect(error.text.hasPrefix("key … x"))
      #expect(error.text.unicodeScalars.count <= 501)
    }
  }

  /// The answer's header says how long, as of an answer that is about nothing else.
  @Test func `an element that a limit refused asks for a wait`() throws {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let body =
      "["
      + [Self.placed(1), Self.refused(2, 429), Self.refused(3, 429)]
      .joined(separator: ",") + "]"
    func waits(_ headers: HTTPFields = [], at now: WallTime) throws -> [Duration] {
      let answer = exchange.answer(
        to: .place(try Self.requests()), response(200, body, headers), now: now)
      return answer.placementReadings(of: 3).compactMap { reading in
        if case .failure(.throttled(let notice)) = reading { notice.wait } else { nil }
      }
    }
    #expect(try waits([("Retry-After", "4")], at: noon) == [.seconds(4), .seconds(4)])
    #expect(try waits(at: noon) == [.seconds(10), .seconds(10)])
    #expect(try waits(at: noon.advanced(by: .seconds(10))) == [.seconds(20), .seconds(20)])
  }
}
