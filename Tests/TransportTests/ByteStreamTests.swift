import Glibc
import Platform
import Testing

@testable import Transport

/// A connection that is looked at before a request leaves.
@Suite struct ByteStreamTests {
  private static let certificates = try? Certificates.shared.get()

  /// Two ends that do not wait, where what one sends has arrived at the other at once.
  private func sockets() throws -> (CInt, CInt) {
    var ends: [CInt] = [0, 0]
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    try #require(unsafe socketpair(AF_UNIX, CInt(kind), 0, &ends) == 0)
    return (ends[0], ends[1])
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
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(text(ends.client.read(into: &buffer)) == "1 bytes")
    return (ends.client, ends.server)
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
    #expect(text(ends.client.peek()) == "1 bytes")
    #expect(text(ends.client.peek()) == "1 bytes")
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(text(ends.client.read(into: &buffer)) == "2 bytes")
    #expect(text(ends.client.peek()) == "quiet")
  }

  @Test func `an end that TLS announces is one, and one that it does not is not`() throws {
    let announced = try connected()
    announced.server?.finishWriting()
    #expect(text(announced.client.peek()) == "end")
    let cut = try connected()
    let descriptor = try #require(cut.server?.descriptor)
    #expect(shutdown(descriptor, CInt(SHUT_WR)) == 0)
    #expect(text(cut.client.peek()) == "truncated")
  }

  @Test func `a reset is told as one`() throws {
    var ends = try connected()
    // Whoever closes without having read what came resets the connection (unix(7), tcp(7)).
    #expect(text(ends.client.write([1], from: 0)) == "1 bytes")
    ends.server = nil
    let reset = ByteStream.Failure.system(SystemError("recv", number: ECONNRESET))
    #expect(text(ends.client.peek()) == "\(reset)")
  }
}
