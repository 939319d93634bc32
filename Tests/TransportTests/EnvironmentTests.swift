import Foundation
import Platform
import Testing
import Transport

/// Variables that steer other programs' connections. Each test has a process of its own.
@Suite struct EnvironmentTests {
  @Test(arguments: ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"])
  func `no proxy is used`(variable: String) async {
    await #expect(processExitsWith: .success) { [variable] in
      let loop = try EventLoop()
      let proxy = try RawServer(loop)
      unsafe setenv(variable, "http://127.0.0.1:\(proxy.port)", 1)
      let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
        responder.respond(200)
      }
      let client = HTTPClient(
        loop: loop, endpoint: try Endpoint("http://localhost:\(server.port)"), tls: nil)
      #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
      try loop.run(for: .milliseconds(20))
      #expect(proxy.peers.isEmpty)
      client.close()
      server.close()
      proxy.close()
    }
  }

  @Test func `no variable adds an authority`() async throws {
    let certificates = try Certificates.shared.get()
    await #expect(processExitsWith: .success) { [certificates = certificates as Certificates] in
      unsafe setenv("SSL_CERT_FILE", certificates.authority, 1)
      let loop = try EventLoop()
      let server = try HTTPServer(
        loop: loop, port: 0,
        tls: TLSContext(
          serverCertificate: certificates.good.certificate, key: certificates.good.key)
      ) { _, responder in responder.respond(200) }
      let client = HTTPClient(
        loop: loop, endpoint: try Endpoint("https://localhost:\(server.port)"),
        tls: try TLSContext(client: .system))
      let error = try client.exchange(HTTPRequest(.get, "/")).error
      #expect(error?.reason == .tls(.certificateUntrusted))
      client.close()
      server.close()
    }
  }
}
