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
  func `a proper certificate is accepted by name and by address`(host: String) throws {
    let (answer, seen) = try exchange(with: certificates.good, host: host)
    #expect(answer.text == "under TLS")
    #expect(seen == 1)
  }

  @Test func `a bad certificate is named, and sees no request`() throws {
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

  private func client(_ port: UInt16, host: String = "localhost") throws -> HTTPClient {
    HTTPClient(
      loop: loop, endpoint: try endpoint(port, "https", host: host),
      tls: try TLSContext(client: .file(certificates.authority)))
  }

  /// A server under TLS with the good certificate.
  private func server(_ handler: @escaping HTTPServer.Handler) throws -> HTTPServer {
    try HTTPServer(
      loop: loop, port: 0,
      tls: TLSContext(
        serverCertificate: certificates.good.certificate, key: certificates.good.key),
      handler: handler)
  }

  @Test func `the system's authorities do not vouch for a stranger`() throws {
    let server = try server { _, responder in responder.respond(200) }
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port, "https", host: "localhost"),
      tls: try TLSContext(client: .system))
    let error = try client.exchange(HTTPRequest(.get, "/")).error
    #expect(error?.reason == .tls(.certificateUntrusted))
    #expect(error?.progress == .notSent)
    client.close()
    server.close()
  }

  @Test(arguments: [
    ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
  ])
  func `anything older than TLS 1.2 is refused`(options: [String]) throws {
    let server = try OpenSSLServer(certificates.good, options)
    let client = try client(server.port)
    let error = try client.exchange(HTTPRequest(.get, "/")).error
    #expect(error?.reason == .tls(.protocolRefused))
    #expect(error?.phase == .handshake)
    #expect(error?.progress == .notSent)
    client.close()
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"])
  func `a foreign server of a newer version is understood`(version: String) throws {
    let server = try OpenSSLServer(certificates.good, [version])
    let client = try client(server.port)
    // It ends its pages by closing, after close_notify.
    let answer = try client.exchange(HTTPRequest(.get, "/"))
    #expect(answer.status == 200)
    #expect(answer.text?.hasSuffix("</HTML>\r\n\r\n") == true)
    client.close()
  }

  @Test func `the server name is sent for names and not for addresses`() throws {
    let named = ["-servername", "localhost", "-cert2", certificates.good.certificate]
    let server = try OpenSSLServer(
      certificates.wrongHost, named + ["-key2", certificates.good.key])
    let byName = try client(server.port)
    #expect(try byName.exchange(HTTPRequest(.get, "/")).status == 200)
    byName.close()
    let byAddress = try client(server.port, host: "127.0.0.1")
    let error = try byAddress.exchange(HTTPRequest(.get, "/")).error
    #expect(error?.reason == .tls(.certificateWrongHost))
    byAddress.close()
  }

  @Test func `a peer that answers in the clear is named as such`() throws {
    let server = try RawServer(loop) { $0.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
    let client = try client(server.port)
    let error = try client.exchange(HTTPRequest(.post, "/"), .once).error
    #expect(error?.reason == .tls(.other("the peer does not answer in TLS")))
    #expect(error?.progress == .notSent)
    client.close()
    server.close()
  }

  @Test func `a peer that hangs up in the handshake has seen nothing`() throws {
    let server = try RawServer(loop) { $0.close() }
    let client = try client(server.port)
    let error = try client.exchange(HTTPRequest(.post, "/"), .once).error
    #expect(error?.phase == .handshake)
    #expect(error?.progress == .notSent)
    client.close()
    server.close()
  }

  @Test func `the end of a body without a length counts only after close_notify`() throws {
    let head = "HTTP/1.1 200 OK\r\n\r\n"
    let server = try server { request, responder in
      if request.path == "/whole" {
        responder.sendRaw(Array((head + "the whole text").utf8), keepAlive: false)
      } else {
        responder.vanish(after: Array((head + "the whole").utf8))
      }
    }
    let client = try client(server.port)
    #expect(try client.exchange(HTTPRequest(.get, "/whole")).text == "the whole text")
    let error = try client.exchange(HTTPRequest(.get, "/cut")).error
    #expect(error?.reason == .violation(.truncated))
    #expect(error?.phase == .body)
    #expect(error?.progress == .perhapsSent)
    client.close()
    server.close()
  }

  @Test func `a reply under TLS that is cut after any byte is an error`() throws {
    let reply = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright".utf8)
    let server = try server { request, responder in
      let cut = Int(request.query ?? "") ?? 0
      switch request.path {
      case "/close": responder.sendRaw(Array(reply.prefix(cut)), keepAlive: false)
      case "/vanish": responder.vanish(after: Array(reply.prefix(cut)))
      default: responder.reset(after: Array(reply.prefix(cut)))
      }
    }
    let client = try client(server.port)
    for manner in ["/close", "/vanish", "/reset"] {
      for cut in 0..<reply.count {
        let error = try client.exchange(HTTPRequest(.post, "\(manner)?\(cut)"), .once).error
        #expect(error?.progress == .perhapsSent, "\(manner) after \(cut)")
      }
    }
    #expect(try client.exchange(HTTPRequest(.post, "/close?\(reply.count)")).text == "right")
    client.close()
    server.close()
  }

  @Test func `an idle connection under TLS that died is noticed before it gets a request`() throws {
    let server = try server { request, responder in
      if request.path == "/last" {
        // The answer, and the end right behind it.
        responder.sendRaw(
          Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8), keepAlive: false)
      } else {
        responder.respond(200, body: Array(request.path.utf8))
      }
    }
    let client = try client(server.port)
    for _ in 0..<20 {
      #expect(try client.exchange(HTTPRequest(.get, "/last")).status == 200)
      #expect(try client.exchange(HTTPRequest(.post, "/order"), .once).text == "/order")
    }
    client.close()
    server.close()
  }

  @Test func `an extra answer under TLS is never given to the next request`() throws {
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    let server = try server { _, responder in
      responder.sendRaw(Array((reply + "right").utf8), keepAlive: true)
    }
    let talkative = try self.server { _, responder in
      responder.sendRaw(Array((reply + "right" + reply + "wrong").utf8), keepAlive: true)
    }
    for port in [server.port, talkative.port] {
      let client = try client(port)
      for _ in 0..<20 {
        #expect(try client.exchange(HTTPRequest(.post, "/"), .once).text == "right")
      }
      client.close()
    }
    server.close()
    talkative.close()
  }

  @Test func `a large body arrives under TLS`() throws {
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let server = try server { _, responder in responder.respond(200, body: body) }
    let client = try client(server.port)
    for _ in 0..<2 {
      #expect(try client.exchange(HTTPRequest(.get, "/")).get().body == body)
    }
    #expect(server.openConnections == 1)
    client.close()
    server.close()
  }

  @Test func `files that are no certificates are refused by name`() throws {
    #expect {
      try TLSContext(client: .file("/nonexistent/ca.pem"))
    } throws: {
      guard case .trustUnreadable("/nonexistent/ca.pem", _) = $0 as? TLSContext.Failure
      else { return false }
      return "\($0)".hasPrefix("the trusted certificates in /nonexistent/ca.pem cannot be used: ")
    }
    #expect {
      try TLSContext(serverCertificate: "/dev/null", key: certificates.good.key)
    } throws: {
      if case .certificateUnreadable("/dev/null", _) = $0 as? TLSContext.Failure {
        true
      } else {
        false
      }
    }
    #expect {
      try TLSContext(
        serverCertificate: certificates.good.certificate, key: certificates.expired.key)
    } throws: {
      if case .keyUnreadable = $0 as? TLSContext.Failure { true } else { false }
    }
  }
}
