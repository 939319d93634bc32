import Domain
import MEXC
import Testing
import Transport

private func isUnreadable(_ answer: ExchangeAnswer) -> Bool {
  if case .failed(.unreadable) = answer { true } else { false }
}

@Suite struct MarketAnswerTests {
  @Test func `reads the time`() {
    #expect(
      answer(to: .serverTime, response(200, #"{"serverTime":1790000000123}"#))
        == .serverTime(WallTime(milliseconds: 1_790_000_000_123)))
    #expect(
      answer(to: .serverTime, response(200, #"{"serverTime":"1790000000123"}"#))
        == .serverTime(WallTime(milliseconds: 1_790_000_000_123)))
    for body in [
      "{}", #"{"serverTime":0}"#, #"{"serverTime":-5}"#, #"{"serverTime":1.5}"#,
      #"{"serverTime":null}"#, "[]", "", #"{"serverTime":99999999999999999999}"#,
    ] {
      #expect(isUnreadable(answer(to: .serverTime, response(200, body))), "\(body)")
    }
  }

  @Test func `reads prices`() throws {
    let link = try symbol("LINKUSDT")
    let bitcoin = try symbol("BTCUSDT")
    let linkPrice = SymbolPrice(symbol: link, price: try FixedDecimal("21.42"))
    let bitcoinPrice = SymbolPrice(symbol: bitcoin, price: try FixedDecimal("64000.1"))
    let one = ExchangeRequest.prices([link])
    #expect(
      answer(to: one, response(200, #"{"symbol":"LINKUSDT","price":"21.420"}"#))
        == .prices([linkPrice]))
    #expect(
      answer(to: one, response(200, #"[{"symbol":"LINKUSDT","price":21.42}]"#))
        == .prices([linkPrice]))
    let all = #"""
      [{"symbol":"ETHUSDT","price":"x"},{"symbol":"LINKUSDT","price":"21.420"},
      {"symbol":"币安人生USDT","price":"0.1"},{"symbol":"BTCUSDT","price":"64000.10"},{"price":"1"}]
      """#
    #expect(
      answer(to: .prices([link, bitcoin]), response(200, all))
        == .prices([bitcoinPrice, linkPrice]))
    for price in ["null", "\"\"", "\"0\"", "\"-1\""] {
      let body = #"{"symbol":"LINKUSDT","price":\#(price)}"#
      #expect(answer(to: one, response(200, body)) == .prices([]))
    }
    #expect(
      answer(to: one, response(200, #"{"symbol":"BTCUSDT","price":"1"}"#)) == .prices([]))
    #expect(
      answer(to: one, response(400, #"{"code":-1121,"msg":"Invalid symbol."}"#)) == .prices([]))
    #expect(isUnreadable(answer(to: one, response(200, #"{"symbol":"LINKUSDT","price":"x"}"#))))
    #expect(
      isUnreadable(
        answer(
          to: one,
          response(
            200,
            #"[{"symbol":"LINKUSDT","price":"1"},{"symbol":"LINKUSDT","price":"2"}]"#))))
    #expect(isUnreadable(answer(to: one, response(200, "1"))))
    // What cannot be read spoils its own symbol only.
    for bad in [
      #"{"symbol":"LINKUSDT","price":"x"}"#,
      #"{"symbol":"LINKUSDT","price":"1"},{"symbol":"LINKUSDT","price":"2"}"#,
    ] {
      let body = #"[\#(bad),{"symbol":"BTCUSDT","price":"64000.10"}]"#
      #expect(
        answer(to: .prices([link, bitcoin]), response(200, body)) == .prices([bitcoinPrice]))
    }
  }

  @Test(arguments: [
    #"{"symbol":"LINKUSDT","price":"x"}"#, #"{"symbol":"LINKUSDT","price":"1E+30"}"#,
    #"{"symbol":"LINKUSDT","price":"1"},{"symbol":"LINKUSDT","price":"2"}"#,
  ])
  func `one price that cannot be told leaves the others`(_ rows: String) throws {
    let asked = ExchangeRequest.prices([try symbol("LINKUSDT"), try symbol("BTCUSDT")])
    let bitcoin = SymbolPrice(symbol: try symbol("BTCUSDT"), price: try FixedDecimal("64000.1"))
    #expect(
      answer(to: asked, response(200, #"[\#(rows),{"symbol":"BTCUSDT","price":"64000.10"}]"#))
        == .prices([bitcoin]))
  }

  @Test func `reads the key's symbols`() throws {
    let symbols = [try symbol("BTCUSDT"), try symbol("MXUSDT"), try symbol("币USDT")]
    for code in ["0", "200", "\"0\"", "null"] {
      let body = #"{"data":["MXUSDT","BTCUSDT","币USDT"],"code":\#(code),"msg":"success"}"#
      #expect(answer(to: .tradableSymbols, response(200, body)) == .tradableSymbols(symbols))
    }
    #expect(
      answer(to: .tradableSymbols, response(200, #"{"data":[],"code":0}"#))
        == .tradableSymbols([]))
    #expect(isUnreadable(answer(to: .tradableSymbols, response(200, #"{"code":0}"#))))
    #expect(isUnreadable(answer(to: .tradableSymbols, response(200, #"{"data":[1],"code":0}"#))))
    let mixed = #"{"data":[1,"MXUSDT",null,"币USDT","BTCUSDT"],"code":0}"#
    #expect(answer(to: .tradableSymbols, response(200, mixed)) == .tradableSymbols(symbols))
    let refused = answer(
      to: .tradableSymbols, response(200, #"{"data":null,"code":700007,"msg":"No permission"}"#))
    guard case .failed(.refused(let error)) = refused else {
      Issue.record("\(refused)")
      return
    }
    // Orders need another permission: it is no reason to stop.
    #expect(error.action == .wait)
    #expect(error.text == "No permission")
    let unknown = answer(to: .tradableSymbols, response(400, #"{"code":10072,"msg":"x"}"#))
    guard case .failed(.refused(let error)) = unknown else {
      Issue.record("\(unknown)")
      return
    }
    #expect(error.action == .halt)
  }
}

@Suite struct ErrorTableTests {
  @Test(arguments: [
    (-2013, ExchangeError.Action.query), (-1121, .skip), (-1128, .fix), (26, .skip), (401, .halt),
    (402, .halt), (406, .halt), (503, .query), (10073, .clock), (10095, .fix), (10098, .halt),
    (11444, .wait), (22222, .fix), (30001, .skip), (30010, .wait), (30020, .skip), (30025, .wait),
    (30027, .skip), (30032, .size), (30051, .skip), (60005, .halt), (70011, .skip),
    (700013, .fix), (730000, .halt), (730708, .fix),
  ])
  func `says what to do`(_ code: Int, _ action: ExchangeError.Action) {
    #expect(ErrorTable.error(code: code, text: "x").action == action)
  }

  @Test func `every row advises`() {
    #expect(ErrorTable.codes.count >= 80)
    for code in ErrorTable.codes {
      let error = ErrorTable.error(code: code, text: "")
      #expect(error.code == code)
      #expect(error.text.hasSuffix("."), "\(code)")
      #expect(error.advice.hasSuffix("."), "\(code)")
    }
  }

  @Test func `keeps the exchange's own words`() {
    let error = ErrorTable.error(code: 30002, text: "cannot be less than:1USDT")
    #expect(error.text == "cannot be less than:1USDT")
    #expect(ErrorTable.error(code: 30002, text: "").text == "Below the minimum amount.")
    let unknown = ErrorTable.error(code: 987_654, text: "新错误")
    #expect(unknown.text == "新错误")
    #expect(unknown.action == .query)
    #expect(!unknown.refusesPlacement)
  }

  @Test func `bounds the text`() throws {
    let long = String(repeating: "é", count: 10_000)
    let refused = answer(
      to: .place([try orderRequest()]), response(400, #"{"code":30002,"msg":"\#(long)"}"#))
    guard case .failed(.refused(let error)) = refused else {
      Issue.record("\(refused)")
      return
    }
    #expect(error.text.unicodeScalars.count == 501)
    #expect(error.text.hasSuffix("…"))
  }
}
