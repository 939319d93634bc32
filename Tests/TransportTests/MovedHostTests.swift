import Domain
import Platform
import Synchronization
import TestKit
import Testing
import Transport

/// The host's name leads to other addresses than it did a moment ago.
@Suite struct MovedHostTests {
  private let loop: EventLoop
  private let certificates: Certificates

  init() throws {
    loop = try EventLoop()
    certificates = try Certificates.shared.get()
  }

  private func server(
    on address: String = "127.0.0.1", port: UInt16 = 0, _ pair: Certificates.Pair? = nil
  ) throws -> HTTPServer {
    let pair = pair ?? certificates.good
    return try HTTPServer(
      loop: loop, address: try #require(IPAddress(literal: address)), port: port,
      tls: TLSContext(serverCertificate: pair.certificate, key: pair.key)
    ) { _, responder in responder.respond(200) }
  }

  private func client(
    port: UInt16, _ names: Names, change: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) throws -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    change(&configuration)
    // `localhost` itself is never looked up, so another name stands for it.
    return HTTPClient(
      loop: loop, endpoint: try endpoint(port, "https", host: "localhost"),
      tls: try TLSContext(client: .file(certificates.authority)), configuration: configuration,
      resolver: Resolver(loop, host: .name("exchange.example")) { _ in names.lookUp() })
  }

  @Test func `where nobody answers, the name is looked up again at once`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.8", "127.0.0.9"])
    let server = try server(port: port.number)
    let names = Names([["127.0.0.9", "127.0.0.8"], ["127.0.0.1"]])
    let client = try client(port: port.number, names)
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    #expect(names.lookUps == 2)
    client.close()
    server.close()
  }

  @Test func `an address that worked is given up when the name has moved`() throws {
    let port = try ReservedPort(on: ["127.0.0.2", "127.0.0.3"])
    let old = try server(on: "127.0.0.2", port: port.number)
    let names = Names([["127.0.0.2"]])
    let client = try client(port: port.number, names)
    #expect(try client.exchange(HTTPRequest(.get, "/")).status == 200)
    old.close()
    let new = try server(on: "127.0.0.3", port: port.number)
    names.next = [["127.0.0.3"]]
    // The connection of before may break under the first request.
    let statuses = try (0..<2).map { _ in try client.exchange(HTTPRequest(.get, "/")).status }
    #expect(statuses[1] == 200)
    #expect(names.lookUps == 2)
    client.close()
    new.close()
  }

  @Test func `somebody else at the old address is not the exchange`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let stranger = try server(on: "127.0.0.2", port: port.number, certificates.selfSigned)
    let server = try server(port: port.number)
    let names = Names([["127.0.0.2"], ["127.0.0.1"]])
    let client = try client(port: server.port, names)
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    #expect(names.lookUps == 2)
    client.close()
    server.close()
    stranger.close()
  }

  @Test func `an address that swallows connection requests is left as well`() throws {
    let port = try ReservedPort(on: ["127.0.0.1", "127.0.0.2"])
    let hole = try RawServer(loop, port: port.number, backlog: 0, accepts: false)
    let filler = try hole.fill()
    let server = try server(on: "127.0.0.2", port: port.number)
    let names = Names([["127.0.0.1"], ["127.0.0.2"]])
    let client = try client(port: port.number, names) { $0.connectDeadline = .milliseconds(60) }
    #expect(try client.exchange(HTTPRequest(.post, "/"), .once).status == 200)
    client.close()
    server.close()
    withExtendedLifetime(filler) {}
    hole.close()
  }

  @Test func `an outage does not ask the name servers with every attempt`() throws {
    let port = try ReservedPort()
    let names = Names([["127.0.0.1"]])
    let client = try client(port: port.number, names)
    let requests = 200
    for _ in 0..<requests {
      let error = try #require(try client.exchange(HTTPRequest(.get, "/")).error)
      #expect(error.phase == .connect)
      #expect(error.progress == .notSent)
    }
    // The pauses double, to seconds.
    #expect(names.lookUps >= 2)
    #expect(names.lookUps < requests / 5)
    client.close()
  }

  @Test func `while the name cannot be looked up, the old failure is the one that is told`() throws
  {
    let port = try ReservedPort()
    let names = Names([["127.0.0.1"], []])
    let client = try client(port: port.number, names)
    let error = try #require(try client.exchange(HTTPRequest(.get, "/")).error)
    #expect(error.phase == .connect)
    #expect(names.lookUps == 2)
    client.close()
  }
}

/// What a resolver is told, look-up by look-up: the last again and again.
private final class Names: Sendable {
  private let state: Mutex<(answers: [[String]], lookUps: Int)>

  init(_ answers: [[String]]) {
    state = Mutex((answers, 0))
  }

  var lookUps: Int { state.withLock { $0.lookUps } }

  var next: [[String]] {
    get { state.withLock { $0.answers } }
    set { state.withLock { $0.answers = newValue } }
  }

  func lookUp() -> Result<[IPAddress], Resolver.Failure> {
    let texts = state.withLock { state in
      state.lookUps += 1
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
    }
    let addresses = texts.compactMap { IPAddress(literal: $0) }
    return addresses.isEmpty ? .failure(Resolver.Failure("no address")) : .success(addresses)
  }
}
