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
    ("HARRYPOTTEROBAMASONIC10INUUSDT", "HARRYPOTTEROBAMASONIC10INUUSDT"),
    ("harrypotterobamasonic10inu/usdt", "HARRYPOTTEROBAMASONIC10INUUSDT"),
    ("GOLD(XAUT)USDT", "GOLD(XAUT)USDT"), ("gold(xaut)usdt", "GOLD(XAUT)USDT"),
    ("Oil(USOON)/usdt", "OIL(USOON)USDT"), ("GOLD(PAXG)_USDT", "GOLD(PAXG)USDT"),
    ("mexc:gold(paxg)-usdt", "GOLD(PAXG)USDT"), ("币(安)USDT", "币(安)USDT"), ("(A", "(A"),
    // Of their letters only those of ASCII change their case.
    ("币安人生USDT", "币安人生USDT"), ("币安人生/usdt", "币安人生USDT"), ("币安人生_USDT", "币安人生USDT"),
    ("mexc:币安人生-usdt", "币安人生USDT"), ("哈基米", "哈基米"), ("〇USDT", "〇USDT"),
    ("ビットコイン/jpy", "ビットコインJPY"), ("비트코인KRW", "비트코인KRW"), ("हिन्दी/USDT", "हिन्दीUSDT"),
    ("عملةUSDT", "عملةUSDT"), ("äÖßıUSDT", "äÖßıUSDT"), ("РУБЛЬUSDT", "РУБЛЬUSDT"),
    ("٣٤USDT", "٣٤USDT"),
  ]

  static let perpetual = [
    "BTCUSDT.P", "btcusdt.p", "MEXC:BTCUSDT.P", "mexc:btcusdt.p", "BINANCE:BTCUSDT.P",
    "BTC/USDT.P", "BTC/USDT:USDT", "btc/usdt:usdt", "MEXC:BTC/USDT:USDT", "BTC_USDT:USDT",
    "BTC-USDT:USDT", "BTCUSDT:USDT", "MEXC:BTCUSDT:USDT", "BTCUSD:BTC", "BTC/USD:BTC",
    "BTC/USD:ETH", "BTCUSDC:USDC", "BTC/USDT:USDT-241227", "BTC-USDT-SWAP", "btc-usdt-swap",
    "BTCUSDTSWAP", "BTC/USDT-SWAP", "MEXC:BTC-USDT-SWAP", "BTCUSDTPERP", "BTCUSDT-PERP",
    "BTC_PERP", "BTC-PERP", "BTCUSDT.PERP", "btcusdtperp", "PERPUSDT.P", "PERP/USDT:USDT",
    "SWAP-USDT-SWAP", "PERPUSDTPERP", "GOLD(XAUT)USDT.P", "GOLD(XAUT)/USDT:USDT",
    "GOLD(XAUT)USDTPERP", "币安人生USDT.P", "币安人生/USDT:USDT", "币安人生USDTPERP",
  ]

  static let otherExchanges: [(String, String)] = [
    ("BINANCE:BTCUSDT", "BINANCE"), ("binance:btcusdt", "BINANCE"), ("BYBIT:BTC/USDT", "BYBIT"),
    ("OKX:BTC-USDT", "OKX"), ("GATEIO:PERPUSDT", "GATEIO"), ("KUCOIN:XUSD", "KUCOIN"),
    ("CME_MINI:BTC1", "CME_MINI"), ("MEXCC:BTCUSDT", "MEXCC"), ("MEX:BTCUSDT", "MEX"),
    ("BINANCE:BTCUSDT:X", "BINANCE"), ("BINANCE:GOLD(XAUT)USDT", "BINANCE"),
    ("BINANCE:币安人生USDT", "BINANCE"),
  ]

  static let malformed = [
    "", "B", "MEXC:", "MEXC:B", ":BTCUSDT", ":", "::", "BTCUSDT:", "MEXC::BTCUSDT",
    "MEXC:MEXC:BTCUSDT", "BINANCE:", "BTC//USDT", "BTC/-USDT", "/BTCUSDT", "BTCUSDT/", "-BTCUSDT",
    "BTC_", "_", "/", "BTC/USDT/ETH", "BTC-USDT-240329", "A-B-C", "BTC.USDT", "BTC USDT",
    " BTCUSDT", "BTCUSDT ", "BTCUSDT\n", "BTCUSDT\r\n", "\tBTCUSDT", "BTC\u{0}USDT",
    "BTCUSDT\u{7F}",
    String(repeating: "A", count: 65), "BTC/" + String(repeating: "币", count: 62),
    "BTCUSDT&side=SELL", "BTCUSDT%00", "BTC'USDT", "BTC\"USDT", "../BTCUSDT", "../../etc:passwd",
    "()", "))((", "(", "(/)", "A(B):CUSDT", "GOLD[XAUT]USDT", "GOLD（XAUT）USDT",
    "GOLD(\u{301}XAUT)USDT", "GOLD(XAUT) USDT", "BTCUSDT;", "BTC,USDT", "$BTC", "BTC+USDT",
    "BTC?USDT",
    // A mark on a letter of ASCII, marks without a letter, letters that cannot be seen, blanks and
    // separators of other scripts, wide forms of an input method, pictures.
    "BTC\u{301}USDT", "\u{301}BTC", "/\u{301}BTC", "BTC\u{200B}USDT", "币\u{200D}USDT",
    "币\u{FE0F}USDT", "币\u{3164}USDT", "币\u{202E}USDT", "币\u{2028}USDT", "币\u{3000}USDT",
    "币\u{A0}USDT", "币\u{85}USDT", "币\u{E000}USDT", "币\u{FFFF}USDT", "BTC∕USDT", "BTC–USDT",
    "币，USDT", "BTCUSDT。P", "ＭEXC:BTCUSDT", "币：USDT", "😀USDT", "②USDT", "币安:人生USDT",
  ]

  @Test(arguments: accepted)
  func `reads the accepted spellings`(_ spelling: String, _ text: String) throws {
    #expect(try Symbol(spelling: spelling).text == text)
  }

  @Test(arguments: perpetual)
  func `refuses perpetuals`(_ spelling: String) {
    #expect(throws: Symbol.SpellingError.perpetual) { try Symbol(spelling: spelling) }
  }

  @Test(arguments: otherExchanges)
  func `names the other exchange`(_ spelling: String, _ exchange: String) {
    #expect(throws: Symbol.SpellingError.otherExchange(exchange)) {
      try Symbol(spelling: spelling)
    }
  }

  @Test(arguments: malformed)
  func `refuses the rest`(_ spelling: String) {
    #expect(throws: Symbol.SpellingError.malformed) { try Symbol(spelling: spelling) }
  }

  @Test(arguments: ["ВТСUSDT", "ETΗUSDT", "ВТС/USDT", "ＢＴＣUSDT", "ｂｔｃusdt", "ＢＴＣＵＳＤＴ", "МХUSDT"])
  func `refuses what only looks like a plain symbol`(_ spelling: String) {
    #expect(throws: Symbol.SpellingError.lookalike) { try Symbol(spelling: spelling) }
  }

  @Test func `bounds the spelling`() throws {
    let longest = String(repeating: "币", count: 60) + "USDT"
    #expect(try Symbol(spelling: longest).text == longest)
    #expect(throws: Symbol.SpellingError.malformed) { try Symbol(spelling: longest + "X") }
    let exchange = String(repeating: "X", count: 504)
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
    // One letter, for a person, that is longer than any symbol.
    #expect(throws: Symbol.SpellingError.malformed) {
      try Symbol(spelling: "é" + String(repeating: "\u{301}", count: 64) + "USDT")
    }
  }

  @Test func `takes the exchange's own spelling only`() {
    for text in [
      "BTCUSDT", "AB", "12345678901234567890", "HARRYPOTTEROBAMASONIC10INUUSDT", "币安人生USDT",
      // What the exchange lists is a spot pair, whatever it ends in.
      "USDTPERP", "GOLD(XAUT)USDT", "币(安)USDT",
    ] {
      #expect(Symbol(exchangeText: text)?.description == text)
    }
    for text in [
      "", "A", "币", "btcusdt", "币安人生usdt", "BTC/USDT", "BTC_USDT", "MEXC:BTCUSDT", "BTCUSDT.P",
      "BTC USDT", String(repeating: "A", count: 65), "BTC\u{0}", "BTC\r\n", "币\nUSDT", "()",
      "gold(xaut)usdt", "GOLD(XAUT)/USDT",
    ] {
      #expect(Symbol(exchangeText: text) == nil, "\(text)")
    }
  }

  /// The exchange knows one of two spellings that look the same.
  @Test func `compares by bytes`() throws {
    let composed = try Symbol(spelling: "ÄUSDT")
    let other = try Symbol(spelling: "\u{212B}USDT")
    let same = try Symbol(spelling: "\u{C5}USDT")
    #expect(other.text == same.text && other != same)
    #expect(Set([other, same, composed, other]).count == 3)
    #expect((other < same) != (same < other))
  }

  @Test func `symbols are ordered by text`() throws {
    let symbols = try ["BTCUSDT", "1INCHUSDT", "ETHUSDT", "BTCUSDC"].map { text in
      try Symbol(spelling: text)
    }
    #expect(symbols.sorted().map(\.text) == ["1INCHUSDT", "BTCUSDC", "BTCUSDT", "ETHUSDT"])
  }
}
