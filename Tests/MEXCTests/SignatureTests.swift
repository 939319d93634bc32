import Domain
import MEXC
import Platform
import Testing
import Transport

@Suite struct SignatureTests {
  /// The second and third examples of MEXC's documentation, and three computed with OpenSSL.
  @Test(arguments: [
    (
      "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=11&recvWindow=5000"
        + "&timestamp=1644489390087",
      "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a"
    ),
    (
      "symbol=BTCUSDT&side=BUY&type=LIMITquantity=1&price=11&recvWindow=5000"
        + "&timestamp=1644489390087",
      "d1a676610ceb39174c8039b3f548357994b2a34139a8addd33baadba65684592"
    ),
    (
      "recvWindow=5000&timestamp=1644489390087",
      "1103ce19f47c037fc03b8b9d674e10ee76e53272851eb2a3b10321cd353fb9bf"
    ),
    (
      "symbol=BTCUSDT&origClientOrderId=cli-1&recvWindow=5000&timestamp=1644489390087",
      "572ed47317db792f36769f2432b1f4b9cd15ada2475185f14f08ec43887c4e01"
    ),
    (
      "batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A"
        + "%22LIMIT%22%2C%22quantity%22%3A%220.0002%22%2C%22price%22%3A%2240000%22%2C"
        + "%22newClientOrderId%22%3A%22cli-1%22%7D%5D&recvWindow=5000&timestamp=1644489390087",
      "50a9ffefff524f9b76837330cae847b85feb80443f0d17b8ae0f04f0a9b1bae7"
    ),
  ])
  func `matches the vectors`(_ text: String, _ signature: String) throws {
    #expect(try documentedCredentials().signature(of: text) == signature)
  }

  @Test func `builds and signs the documented order`() throws {
    var target = RequestTarget()
    target.begin("/x")
    for (name, value) in [
      ("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "LIMIT"), ("quantity", "1"),
      ("price", "11"), ("recvWindow", "5000"), ("timestamp", "1644489390087"),
    ] {
      target.add(name, value)
    }
    target.sign(with: try documentedCredentials())
    #expect(
      target.text
        == "/x?symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=11&recvWindow=5000"
        + "&timestamp=1644489390087&signature="
        + "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a")
  }

  @Test func `encodes before signing`() throws {
    var target = RequestTarget()
    target.begin("/x")
    target.add(
      "batchOrders",
      #"[{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","quantity":"0.0002","price":"40000","#
        + #""newClientOrderId":"cli-1"}]"#)
    target.add("recvWindow", "5000")
    target.add("timestamp", "1644489390087")
    target.sign(with: try documentedCredentials())
    #expect(target.text.hasPrefix("/x?batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C"))
    #expect(
      target.text.hasSuffix("50a9ffefff524f9b76837330cae847b85feb80443f0d17b8ae0f04f0a9b1bae7"))
  }

  @Test(arguments: [
    ("AZaz09-._~", "AZaz09-._~"), ("a b+c", "a%20b%2Bc"), ("A,B", "A%2CB"),
    ("x&side=SELL", "x%26side%3DSELL"), ("é€", "%C3%A9%E2%82%AC"), ("\r\n\0", "%0D%0A%00"),
    ("/?#%", "%2F%3F%23%25"), ("", ""),
  ])
  func `encodes what needs it`(_ value: String, _ encoded: String) {
    var target = RequestTarget()
    target.begin("/x")
    target.add("v", value)
    #expect(target.text == "/x?v=" + encoded)
  }

  @Test(arguments: [
    ("", "s", Credentials.ShapeError.keyEmpty), ("k", "", .secretEmpty),
    ("a b", "s", .keyMalformed), ("k\n", "s", .keyMalformed), ("ké", "s", .keyMalformed),
    ("k", "s\n", .secretMalformed), ("k", "s\u{0}", .secretMalformed),
    (String(repeating: "k", count: 257), "s", .keyMalformed),
    ("k", String(repeating: "s", count: 257), .secretMalformed),
  ])
  func `refuses misshapen credentials`(
    _ key: String, _ secret: String, _ error: Credentials.ShapeError
  ) {
    #expect(throws: error) {
      try Credentials(
        apiKey: Secret(copying: Array(key.utf8)), secret: Secret(copying: Array(secret.utf8)))
    }
  }

  @Test func `prints neither key nor secret`() throws {
    let credentials = try documentedCredentials()
    var exchange = MEXCSpot(credentials: credentials, receiveWindow: .seconds(5))
    let request = exchange.httpRequest(for: .keyInformation, stampedAt: noon)
    #expect(request?.target.contains("mx0aBY") == true)
    var dumped = ""
    dump(credentials, to: &dumped)
    dump(exchange, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped] {
      #expect(!text.contains("mx0aBY"), "\(text)")
      #expect(!text.contains("45d0b3"), "\(text)")
    }
  }
}
