import Domain
import Foundation
import Testing

/// The way to the exchange over TLS, with an authority of one's own.
struct TLSTests {
  /// Two authorities, and a certificate of the first for localhost.
  private struct Authority {
    let certificate: String
    let key: String
    let file: String
    let other: String

    init(_ scratch: Scratch) throws {
      certificate = scratch("server.pem")
      key = scratch("server.key")
      file = scratch("authority.pem")
      other = scratch("other.pem")
      for name in ["authority", "other"] {
        try Self.openssl(
          scratch, "req -x509 \(Self.newKey(name)) -out \(name).pem -days 30 -subj /CN=Test-\(name)"
        )
      }
      try Self.openssl(scratch, "req \(Self.newKey("server")) -out server.csr -subj /CN=localhost")
      try scratch.write("server.ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
      try Self.openssl(
        scratch,
        "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial"
          + " -days 30 -extfile server.ext -out server.pem")
    }

    private static func newKey(_ name: String) -> String {
      "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name).key"
    }

    private static func openssl(_ scratch: Scratch, _ arguments: String) throws {
      let process = try ChildProcess(
        "/bin/sh", ["-c", "cd \(scratch.path) && exec openssl \(arguments)"],
        environment: ["PATH": "/usr/bin:/bin", "HOME": scratch.path])
      guard try process.waitForEnd() == .exited(0) else {
        throw Unusable("openssl \(arguments): \(process.tail)")
      }
    }
  }

  @Test
  func anAuthorityOfOnesOwnIsTrustedAndNoOther() throws {
    let files = try Scratch()
    let authority = try Authority(files)
    let market = try SimulatedMarket(
      SimulatedMarket.calm + ["--tls", authority.certificate, authority.key])
    #expect(market.scheme == "https")
    let daemon = try DaemonUnderTest(market) {
      $0["exchange.rest_url"] = .string("https://localhost:\(market.port)")
      $0["exchange.ca_file"] = .string(authority.other)
    }
    try daemon.start()
    #expect(try daemon.submit(Wish("patient").text)["code"] == "accepted")
    #expect(try daemon.submit(Wish("hasty", ["ttl_seconds": 1]).text)["code"] == "accepted")
    try daemon.waitForOrder("hasty", "expired")
    let line = try daemon.process.line(with: "level=warning", "certificate")
    #expect(line.contains("localhost:\(market.port)"), "\(line)")
    let cause = try #require(try daemon.status()["connections"]?["last_error"]?.stringValue)
    #expect(cause.contains("certificate"), "\(cause)")
    #expect(try daemon.status()["trading_open"] == false)
    #expect(try daemon.stop() == .exited(0))

    // Neither is it trusted by the system.
    daemon.settings["exchange.ca_file"] = .null
    try daemon.start()
    try daemon.process.line(with: "level=warning", "certificate")
    #expect(try daemon.stop() == .exited(0))

    daemon.settings["exchange.ca_file"] = .string(authority.file)
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.waitForOrder("patient", "filled")
    // Had the other one been placed before, this would not be the first order of this exchange.
    #expect(try daemon.submit(Wish("second").text)["code"] == "accepted")
    try daemon.waitForOrder("second", "filled")
    #expect(try daemon.orderStatus("hasty") == "expired")
    #expect(try daemon.explain("patient")["order"]?["attempt"] == 1)
  }

  @Test
  func anAuthorityFileThatIsNoneIsAConfigurationError() throws {
    let daemon = try DaemonUnderTest(nil, url: "https://localhost:9") {
      $0["exchange.ca_file"] = "/nonexistent.pem"
    }
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(with: "exchange.ca_file", "/nonexistent.pem")
  }
}
