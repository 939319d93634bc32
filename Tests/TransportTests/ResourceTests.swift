import Domain
import Foundation
import Platform
import Testing
import Transport

/// What a long run costs. Each test has a process of its own, where nobody else opens a descriptor.
@Suite struct ResourceTests {
  private static func descriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }

  /// Bytes that are resident.
  private static func memory() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return try #require(Int(text.split(separator: " ")[1])) * 4_096
  }

  /// What may come on top after a warm-up. AddressSanitizer keeps freed memory aside, and has its own
  /// search for leaks.
  private static var growthMaximum: Int {
    let isSanitized = unsafe dlsym(nil, "__asan_init") != nil
    return isSanitized ? .max : 2 << 20
  }

  @Test func `Ten thousand requests over TLS, with losses, leave nothing behind`() async throws {
    let certificates = try Certificates.shared.get()
    await #expect(processExitsWith: .success) { [certificates = certificates as Certificates] in
      let loop = try EventLoop()
      var served = 0
      let server = try HTTPServer(
        loop: loop, port: 0,
        tls: TLSContext(
          serverCertificate: certificates.good.certificate, key: certificates.good.key)
      ) { _, responder in
        served += 1
        // Every fiftieth connection is lost one way or another.
        switch served % 150 {
        case 50: responder.close()
        case 100: responder.reset()
        case 0: responder.vanish(after: Array("HTTP/1.1 200".utf8))
        default: responder.respond(200, body: [UInt8](repeating: 0x61, count: 500))
        }
      }
      let trust = try TLSContext(client: .file(certificates.authority))

      func run(_ requests: Int) throws {
        let client = HTTPClient(
          loop: loop, endpoint: try Endpoint("https://localhost:\(server.port)"), tls: trust)
        client.start()
        try loop.run(until: { client.status.idle == 2 })
        let before = served
        var errors = 0
        for _ in 0..<requests {
          if try client.exchange(HTTPRequest(.get, "/")).error != nil { errors += 1 }
        }
        #expect(errors == requests / 50)
        #expect(served == before + requests)
        client.close()
        try loop.run(until: { server.openConnections == 0 })
      }

      try run(1_000)
      let descriptors = try ResourceTests.descriptors()
      let memory = try ResourceTests.memory()
      try run(10_000)
      #expect(try ResourceTests.descriptors() == descriptors)
      #expect(try ResourceTests.memory() - memory < ResourceTests.growthMaximum)
      server.close()
    }
  }

  @Test func `Without descriptors the server pauses instead of spinning, and recovers`() async {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
        responder.respond(200)
      }
      let client = HTTPClient(
        loop: loop, endpoint: try Endpoint("http://127.0.0.1:\(server.port)"), tls: nil)
      // Leaves one descriptor: for the client's end, and none for the server's.
      var hoard: [FileHandle] = []
      let used = try ResourceTests.descriptors()
      var limit = rlimit(rlim_cur: UInt(used + 20), rlim_max: UInt(used + 20))
      let limited = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      #expect(limited == 0)
      while let file = FileHandle(forReadingAtPath: "/dev/null") { hoard.append(file) }
      try hoard.removeLast().close()
      var answer: Answer?
      client.send(HTTPRequest(.get, "/"), .ordinary) { answer = $0 }
      var turns = 0
      let until = Clock.monotonic().advanced(by: .milliseconds(350))
      while Clock.monotonic() < until {
        try loop.turn(until: until)
        turns += 1
      }
      #expect(answer == nil)
      #expect(turns < 50)
      try hoard.removeLast().close()
      try loop.run(until: { answer != nil })
      #expect(answer?.status == 200)
      client.close()
      server.close()
    }
  }
}
