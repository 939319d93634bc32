import Platform
import Testing
import Transport

@Suite struct EndpointTests {
  @Test(arguments: [
    ("https://api.mexc.com", "https://api.mexc.com", 443),
    ("HTTPS://API.MEXC.com/", "https://api.mexc.com", 443),
    ("https://api.mexc.com:443", "https://api.mexc.com", 443),
    ("https://api.mexc.com:8443/a/b//", "https://api.mexc.com:8443/a/b", 8443),
    ("https://127.0.0.1:9000", "https://127.0.0.1:9000", 9000),
    ("https://[2001:DB8::1]:9000/x", "https://[2001:db8::1]:9000/x", 9000),
    ("https://[::1]", "https://[::1]", 443),
    ("http://localhost", "http://localhost", 80),
    ("http://LOCALHOST:8080", "http://localhost:8080", 8080),
    ("http://127.9.8.7:1", "http://127.9.8.7:1", 1),
    ("http://[::1]:65535", "http://[::1]:65535", 65535),
    ("https://my_host-1.example", "https://my_host-1.example", 443),
  ])
  func `a good URL is taken`(text: String, normal: String, port: UInt16) throws {
    let endpoint = try Endpoint(text)
    #expect(endpoint.description == normal)
    #expect(endpoint.port == port)
  }

  @Test(arguments: [
    ("", Endpoint.Flaw.schemeMissing),
    ("api.mexc.com", .schemeMissing),
    ("ftp://localhost", .schemeUnknown),
    ("wss://localhost", .schemeUnknown),
    ("http://api.mexc.com", .plainToRemoteHost),
    ("http://127.0.0.1.example.org", .plainToRemoteHost),
    ("http://localhost.example.org", .plainToRemoteHost),
    ("http://128.0.0.1", .plainToRemoteHost),
    ("http://[::2]", .plainToRemoteHost),
    ("http://[::ffff:127.0.0.1]", .plainToRemoteHost),
    ("http://0.0.0.0", .plainToRemoteHost),
    ("https://", .hostInvalid),
    ("https:///path", .hostInvalid),
    ("https://a..b", .hostInvalid),
    ("https://a b", .hostInvalid),
    ("https://bücher.example", .hostInvalid),
    ("https://::1", .hostInvalid),
    ("https://[::1", .hostInvalid),
    ("https://[127.0.0.1]", .hostInvalid),
    ("https://[::1%25eth0]", .hostInvalid),
    ("https://[::1]x", .hostInvalid),
    ("https://127.1", .hostInvalid),
    ("https://256.1.1.1", .hostInvalid),
    ("https://2130706433", .hostInvalid),
    ("https://host\u{0}", .hostInvalid),
    ("https://host\r\nX: y", .hostInvalid),
    ("https://" + String(repeating: "a", count: 64), .hostInvalid),
    ("https://host:", .portInvalid),
    ("https://host:0", .portInvalid),
    ("https://host:65536", .portInvalid),
    ("https://host:+80", .portInvalid),
    ("https://host:8x", .portInvalid),
    ("https://user:secret@host", .userInformationRefused),
    ("https://host/a?b", .prefixInvalid),
    ("https://host?b", .prefixInvalid),
    ("https://host/#f", .prefixInvalid),
    ("https://host/a b", .prefixInvalid),
    ("https://host/\u{7F}", .prefixInvalid),
  ])
  func `a bad URL is refused for its reason`(text: String, flaw: Endpoint.Flaw) {
    #expect(throws: flaw) { try Endpoint(text) }
  }

  @Test func `the Host field leaves the scheme's own port out`() throws {
    #expect(try Endpoint("https://api.mexc.com:443").authority == "api.mexc.com")
    #expect(try Endpoint("https://api.mexc.com:80").authority == "api.mexc.com:80")
    #expect(try Endpoint("http://[::1]:80").authority == "[::1]")
  }

  @Test(arguments: [
    ("wss://wbs-api.mexc.com/ws", "wss://wbs-api.mexc.com/ws", 443),
    ("WSS://WBS-API.MEXC.com:443/", "wss://wbs-api.mexc.com", 443),
    ("ws://localhost", "ws://localhost", 80),
    ("ws://[::1]:8080/a", "ws://[::1]:8080/a", 8080),
    // Whether a plain connection may leave this machine is decided by who reads the configuration.
    ("ws://example.org", "ws://example.org", 80),
  ])
  func `a good URL of a WebSocket is taken`(text: String, normal: String, port: UInt16) throws {
    let endpoint = try Endpoint(webSocket: text)
    #expect(endpoint.description == normal)
    #expect(endpoint.port == port)
    #expect(endpoint.scheme.isWebSocket)
    #expect(endpoint.scheme.isSecure == normal.hasPrefix("wss:"))
  }

  @Test(arguments: [
    ("wbs-api.mexc.com/ws", Endpoint.Flaw.schemeMissing),
    ("https://wbs-api.mexc.com/ws", .schemeUnknown),
    ("http://localhost", .schemeUnknown),
    ("wss://", .hostInvalid),
    ("wss://host:0", .portInvalid),
    ("wss://user:secret@host", .userInformationRefused),
    ("wss://host/ws?listenKey=secret", .prefixInvalid),
    ("wss://host/#f", .prefixInvalid),
  ])
  func `a bad URL of a WebSocket is refused for its reason`(text: String, flaw: Endpoint.Flaw) {
    #expect(throws: flaw) { try Endpoint(webSocket: text) }
  }
}
