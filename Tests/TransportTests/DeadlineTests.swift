import Domain
import Foundation
import Platform
import Synchronization
import Testing
import Transport

/// The phases before the first byte leaves: each has its own end, and nothing was sent then.
@Suite struct DeadlineTests {
  private let loop: EventLoop

  init() throws { loop = try EventLoop() }

  private func configuration(
    _ change: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    return configuration
  }

  @Test func `a name that takes too long to resolve`() throws {
    let gate = DispatchSemaphore(value: 0)
    defer { gate.signal() }
    let endpoint = try Endpoint("https://slow.example")
    let resolver = Resolver(loop, host: endpoint.host) { _ in
      gate.wait()
      return .success([.loopback4])
    }
    let client = HTTPClient(
      loop: loop, endpoint: endpoint, tls: try TLSContext(client: .system),
      configuration: configuration { $0.resolveDeadline = .milliseconds(50) }, resolver: resolver)
    let error = try #require(try client.exchange(HTTPRequest(.post, "/"), .once).error)
    #expect(error.phase == .resolve)
    #expect(error.reason == .deadline)
    #expect(error.progress == .notSent)
    client.close()
  }

  @Test func `a name that does not exist`() throws {
    let endpoint = try Endpoint("https://absent.example")
    let resolver = Resolver(loop, host: endpoint.host) { _ in
      .failure(Resolver.Failure("Name or service not known"))
    }
    let client = HTTPClient(
      loop: loop, endpoint: endpoint, tls: try TLSContext(client: .system),
      configuration: configuration(), resolver: resolver)
    let error = try #require(try client.exchange(HTTPRequest(.post, "/"), .once).error)
    #expect(error.phase == .resolve)
    #expect(error.reason == .resolution("Name or service not known"))
    #expect(
      error.description
        == "https://absent.example: resolving: the host name cannot be resolved: "
        + "Name or service not known (nothing was sent)")
    client.close()
  }

  @Test func `the addresses are kept, and tried in order`() throws {
    let certificates = try Certificates.shared.get()
    let server = try HTTPServer(
      loop: loop, port: 0,
      tls: TLSContext(
        serverCertificate: certificates.good.certificate, key: certificates.good.key)
    ) { _, responder in responder.respond(200, headers: [("Connection", "close")]) }
    let endpoint = try endpoint(server.port, "https", host: "localhost")
    let lookUps = LookUps()
    // `localhost` itself is never looked up, so another name stands for it.
    let resolver = Resolver(loop, host: .name("exchange.example")) { name in
      lookUps.count(name)
      // Nobody listens at the first.
      return IPAddress(literal: "127.0.0.9").map { .success([$0, .loopback4]) }
        ?? .failure(Resolver.Failure("no literal"))
    }
    let client = HTTPClient(
      loop: loop, endpoint: endpoint,
      tls: try TLSContext(client: .file(certificates.authority)), configuration: configuration(),
      resolver: resolver)
    var addresses: [String] = []
    client.onConnectionEvent = { event in
      if case .connected(let address, _) = event { addresses.append("\(address)") }
    }
    for _ in 0..<5 { #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200) }
    #expect(addresses == [String](repeating: "127.0.0.1", count: 5))
    #expect(lookUps.names == ["exchange.example"])
    client.close()
    server.close()
  }

  @Test func `a host that swallows connection requests`() throws {
    // The kernel's queue holds two; what comes then is dropped without a word.
    let server = try RawServer(loop, backlog: 0, accepts: false)
    let filler = try server.fill()
    let client = HTTPClient(
      loop: loop, endpoint: try endpoint(server.port), tls: nil,
      configuration: configuration { $0.connectDeadline = .milliseconds(60) })
    let error = try #require(try client.exchange(HTTPRequest(.post, "/"), .once).error)
    #expect(error.phase == .connect)
    #expect(error.reason == .deadline)
    #expect(error.progress == .notSent)
    client.close()
    withExtendedLifetime(filler) {}
    server.close()
  }
}

/// Counts look-ups, which happen on another thread.
final class LookUps: Sendable {
  private let found = Mutex<[String]>([])

  var names: [String] { found.withLock { $0 } }

  func count(_ name: String) {
    found.withLock { $0.append(name) }
  }
}
