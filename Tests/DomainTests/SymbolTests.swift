import Domain
import Testing

@Suite struct SymbolTests {
  static let accepted: [(String, String)] = [
    ("BTCUSDT", "BTCUSDT"), ("btcusdt", "BTCUSDT"), ("BtcUsdt", "BTCUSDT"),
    ("BTC/USDT", "BTCUSDT"), ("BTC_USDT", "BTCUSDT"), ("BTC-USDT", "BTCUSDT"),
    ("btc-usdt", "BTCUSDT"), ("btc/usdt", "BTCUSDT"), ("btc_usdt", "BTCUSDT"),
    ("MEXC:BTCUSDT", "BTCUSDT"), ("mexc:btcusdt", "BTCUSDT"), ("Mexc:BTC/USDT", "BTCUSDT"),
    ("MEXC:BTC_USDT", "BTCUSDT"), ("MEXC:BTC-USDT", "BTCUSDT"),
    ("1INCHUSDT", "1INCHUSDT"), ("1000SATS/USDT", "1000SATSUSDT"), ("USDCUSDT", "USDCUSDT"),
    // Short ones behind the exchange's name.
    ("MEXC:XUSD", "XUSD"), ("MEXC:AB", "AB"), ("MEXC:T/U", "TU"), ("MEXC:MXBTC", "MXBTC"),
    ("AB", "AB"), ("XUSD", "XUSD"),
    // Assets whose names are those words.
    ("PERPUSDT", "PERPUSDT"), ("PERP/USDT", "PERPUSDT"), ("perp_usdt", "PERPUSDT"),
    ("MEXC:PERPUSDT", "PERPUSDT"), ("SWAPUSDT", "SWAPUSDT"), ("SWAP-USDT", "SWAPUSDT"),
    ("MEXC:SWAP/USDT", "SWAPUSDT"), ("PUSDT", "PUSDT"), ("P/USDT", "PUSDT"),
    ("BURGERSWAPUSDT", "BURGERSWAPUSDT"), ("MEXCUSDT", "MEXCUSDT"), ("MEXC/USDT", "MEXCUSDT"),
    ("12345678901234567890", "12345678901234567890"),
    ("MEXC:1234567890-1234567890", "12345678901234567890"),
  ]

  static let perpetual = [
    "BTCUSDT.P", "btcusdt.p", "MEXC:BTCUSDT.P", "mexc:btcusdt.p", "BINANCE:BTCUSDT.P",
    "BTC/USDT.P", "BTC/USDT:USDT", "btc/usdt:usdt", "MEXC:BTC/USDT:USDT", "BTC_USDT:USDT",
    "BTC-USDT:USDT", "BTCUSDT:USDT", "MEXC:BTCUSDT:USDT", "BTCUSD:BTC", "BTC/USD:BTC",
    "BTC/USD:ETH", "BTCUSDC:USDC", "BTC/USDT:USDT-241227", "BTC-USDT-SWAP", "btc-usdt-swap",
    "BTCUSDTSWAP", "BTC/USDT-SWAP", "MEXC:BTC-USDT-SWAP", "BTCUSDTPERP", "BTCUSDT-PERP",
    "BTC_PERP", "BTC-PERP", "BTCUSDT.PERP", "btcusdtperp", "PERPUSDT.P", "PERP/USDT:USDT",
    "SWAP-USDT-SWAP", "PERPUSDTPERP",
  ]

  static let otherExchanges: [(String, String)] = [
    ("BINANCE:BTCUSDT", "BINANCE"), ("binance:btcusdt", "BINANCE"), ("BYBIT:BTC/USDT", "BYBIT"),
    ("OKX:BTC-USDT", "OKX"), ("GATEIO:PERPUSDT", "GATEIO"), ("KUCOIN:XUSD", "KUCOIN"),
    ("CME_MINI:BTC1", "CME_MINI"), ("MEXCC:BTCUSDT", "MEXCC"), ("MEX:BTCUSDT", "MEX"),
    ("BINANCE:BTCUSDT:X", "BINANCE"),
  ]

  static let malformed = [
    "", "B", "MEXC:", "MEXC:B", ":BTCUSDT", ":", "::", "BTCUSDT:", "MEXC::BTCUSDT",
    "MEXC:MEXC:BTCUSDT", "BINANCE:", "BTC//USDT", "BTC/-USDT", "/BTCUSDT", "BTCUSDT/", "-BTCUSDT",
    "BTC_", "_", "/", "BTC/USDT/ETH", "BTC-USDT-240329", "A-B-C", "BTC.USDT", "BTC USDT",
    " BTCUSDT", "BTCUSDT ", "BTCUSDT\n", "BTCUSDT\r\n", "\tBTCUSDT", "BTC\u{0}USDT",
    "BTCUSDT\u{7F}",
    "123456789012345678901", "BTC/123456789012345678", "BTCUSDT&side=SELL", "BTCUSDT%00",
    "BTC'USDT", "BTC\"USDT", "../BTCUSDT", "../../etc:passwd", "BTCUSDT;", "BTC,USDT", "$BTC",
    "BTC+USDT", "BTC?USDT", "ВТСUSDT", "BTCÜSDT", "ßUSDT", "ıUSDT", "ﬁUSDT", "ＢＴＣUSDT",
    "BTC\u{301}USDT", "比特币USDT", "BTC\u{200B}USDT", "BTC∕USDT", "BTC–USDT", "😀USDT",
    "ＭEXC:BTCUSDT", "BTCUSDT。P",
  ]

  @Test(arguments: accepted)
  func reads(_ spelling: String, _ text: String) throws {
    #expect(try Symbol(spelling: spelling).text == text)
  }

  @Test(arguments: perpetual)
  func refusesPerpetuals(_ spelling: String) {
    #expect(throws: Symbol.SpellingError.perpetual) { try Symbol(spelling: spelling) }
  }

  @Test(arguments: otherExchanges)
  func namesTheOtherExchange(_ spelling: String, _ exchange: String) {
    #expect(throws: Symbol.SpellingError.otherExchange(exchange)) {
      try Symbol(spelling: spelling)
    }
  }

  @Test(arguments: malformed)
  func refusesTheRest(_ spelling: String) {
    #expect(throws: Symbol.SpellingError.malformed) { try Symbol(spelling: spelling) }
  }

  @Test func boundsTheSpelling() throws {
    let longest = "BTC/" + String(repeating: "U", count: 60)
    #expect(throws: Symbol.SpellingError.malformed) { try Symbol(spelling: longest) }
    #expect(throws: Symbol.SpellingError.malformed) { try Symbol(spelling: longest + "U") }
    let exchange = String(repeating: "X", count: 56)
    #expect(throws: Symbol.SpellingError.otherExchange(exchange)) {
      try Symbol(spelling: exchange + ":BTCUSDT")
    }
    // One more byte is refused before anything is made of it.
    #expect(throws: Symbol.SpellingError.malformed) {
      try Symbol(spelling: exchange + "X:BTCUSDT")
    }
    #expect(throws: Symbol.SpellingError.malformed) {
      try Symbol(spelling: String(repeating: "A", count: 1_000_000) + ".P")
    }
  }

  @Test func takesTheExchangesOwnSpellingOnly() {
    #expect(Symbol(exchangeText: "BTCUSDT")?.text == "BTCUSDT")
    #expect(Symbol(exchangeText: "AB")?.description == "AB")
    #expect(Symbol(exchangeText: "12345678901234567890")?.text == "12345678901234567890")
    // What the exchange lists is a spot pair, whatever it ends in.
    #expect(Symbol(exchangeText: "USDTPERP")?.text == "USDTPERP")
    for text in [
      "", "A", "btcusdt", "BTC/USDT", "BTC_USDT", "MEXC:BTCUSDT", "BTCUSDT.P", "BTC USDT",
      "123456789012345678901", "BTCÜ", "ＡＢ", "BTC\u{0}",
    ] {
      #expect(Symbol(exchangeText: text) == nil, "\(text)")
    }
  }

  @Test func symbolsAreOrderedByText() throws {
    let symbols = try ["BTCUSDT", "1INCHUSDT", "ETHUSDT", "BTCUSDC"].map { text in
      try Symbol(spelling: text)
    }
    #expect(symbols.sorted().map(\.text) == ["1INCHUSDT", "BTCUSDC", "BTCUSDT", "ETHUSDT"])
  }
}
