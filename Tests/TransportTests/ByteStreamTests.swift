import Glibc
import Platform
import Testing

@testable import Transport

/// A connection that is looked at before a request leaves.
@Suite struct ByteStreamTests {
  private static let certificates = try? Certificates.shared.get()

  /// Both ends of one TCP connection on loopback, which do not wait.
  private func sockets() throws -> (CInt, CInt) {
    let listener = FileDescriptor(
      owning: socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let number = listener.number
    let isConnected = unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(number, address, length) == 0 && listen(number, 1) == 0
          && getsockname(number, address, &length) == 0 && connect(client, address, length) == 0
      }
    }
    try #require(isConnected)
    let server = accept(number, nil, nil)
    for end in [client, server] { try #require(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
    return (client, server)
  }

  private func connected() throws -> (client: ByteStream, server: ByteStream?) {
    let certificates = try #require(Self.certificates)
    let (client, server) = try sockets()
    let pair = certificates.good
    let ends = try (
      client: ByteStream(
        owning: FileDescriptor(owning: client),
        tls: TLSContext(client: .file(certificates.authority)),
        host: Endpoint("https://localhost").host),
      server: ByteStream(
        owning: FileDescriptor(owning: server),
        tls: TLSContext(serverCertificate: pair.certificate, key: pair.key), host: nil)
    )
    var done = (false, false)
    for _ in 0..<100 where done != (true, true) {
      if case .done = ends.client.handshake() { done.0 = true }
      if case .done = ends.server.handshake() { done.1 = true }
    }
    try #require(done == (true, true))
    // What the server says after the handshake is taken with the first bytes.
    #expect(text(ends.server.write([7], from: 0)) == "1 bytes")
    var told = ""
    for _ in 0..<100 where told != "1 bytes" {
      arrival(at: ends.client)
      var buffer = [UInt8](repeating: 0, count: 16)
      told = text(ends.client.read(into: &buffer))
    }
    #expect(told == "1 bytes")
    return (ends.client, ends.server)
  }

  /// Returns when something has arrived, an end or an error included.
  private func arrival(at stream: ByteStream) {
    var descriptor = pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0)
    #expect(unsafe poll(&descriptor, 1, 10_000) == 1)
  }

  private func text(_ transfer: ByteStream.Transfer) -> String {
    switch transfer {
    case .bytes(let count): "\(count) bytes"
    case .wait(.read): "quiet"
    case .wait: "busy"
    case .end: "end"
    case .failed(let failure): "\(failure)"
    }
  }

  @Test func `a living connection is quiet, and one with bytes is not`() throws {
    let ends = try connected()
    #expect(text(ends.client.peek()) == "quiet")
    _ = ends.server?.write([1, 2], from: 0)
    arrival(at: ends.client)
    #expect(text(ends.client.peek()) == "1 bytes")
    #expect(text(ends.client.peek()) == "1 bytes")
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(text(ends.client.read(into: &buffer)) == "2 bytes")
    #expect(text(ends.client.peek()) == "quiet")
  }

  @Test func `an end that TLS announces is one, and one that it does not is not`() throws {
    let announced = try connected()
    announced.server?.finishWriting()
    arrival(at: announced.client)
    #expect(text(announced.client.peek()) == "end")
    let cut = try connected()
    let descriptor = try #require(cut.server?.descriptor)
    #expect(shutdown(descriptor, CInt(SHUT_WR)) == 0)
    arrival(at: cut.client)
    #expect(text(cut.client.peek()) == "truncated")
  }

  @Test func `a reset is told as one`() throws {
    var ends = try connected()
    ends.server?.resetOnClose()
    ends.server = nil
    arrival(at: ends.client)
    let reset = ByteStream.Failure.system(SystemError("recv", number: ECONNRESET))
    #expect(text(ends.client.peek()) == "\(reset)")
  }
}
