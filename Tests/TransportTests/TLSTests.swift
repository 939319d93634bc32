import Domain
import Platform
import Testing
import Transport

@Suite struct TLSTests {
  let loop: EventLoop
  let certificates: Certificates

  init() throws {
    loop = try EventLoop()
    certificates = try Certificates.shared.get()
  }

  /// Sends one request to a server with this certificate; the answer, and how many requests it saw.
  private func exchange(
    with pair: Certificates.Pair, trusting authority: String? = nil, host: String = "localhost"
  ) throws -> (answer: Answer, seen: Int) {
    var seen = 0
    let server = try HTTPServer(
      loop: loop, address: host == "[::1]" ? .loopback6 : .loopback4, port: 0,
      tls: TLSContext(serverCertificate: pair.certificate, key: pair.key)
    ) { _, responder in
      seen += 1
      responder.respond(200, body: Array("under TLS".utf8))
    }
    defer { server.close() }
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port, "https", host: host),
      tls: try TLSContext(client: .file(authority ?? certificates.authority)))
    defer { client.close() }
    let answer = try client.exchange(HTTPRequest(.get, "/"))
    return (answer, seen)
  }

  @Test(arguments: ["localhost", "127.0.0.1", "[::1]"])
  func `A proper certificate is accepted by name and by address`(host: String) throws {
    let (answer, seen) = try exchange(with: certificates.good, host: host)
    #expect(answer.text == "under TLS")
    #expect(seen == 1)
  }

  @Test func `A bad certificate is named, and sees no request`() throws {
    let cases: [(Certificates.Pair, TLSFailure)] = [
      (certificates.expired, .certificateExpired),
      (certificates.notYetValid, .certificateNotYetValid),
      (certificates.wrongHost, .certificateWrongHost),
      (certificates.commonNameOnly, .certificateWrongHost),
      (certificates.selfSigned, .certificateUntrusted),
      (certificates.ofOtherAuthority, .certificateUntrusted),
    ]
    for (pair, failure) in cases {
      let (answer, seen) = try exchange(with: pair)
      let error = try #require(answer.error, "\(pair.certificate)")
      #expect(error.reason == .tls(failure), "\(pair.certificate)")
      #expect(error.progress == .notSent)
      #expect(error.phase == .handshake)
      #expect(seen == 0)
    }
  }
}
