import Domain
import Foundation
import Glibc
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
  /// search for leaks; ThreadSanitizer writes down every access beside the memory.
  private static var growthMaximum: Int {
    let isSanitized =
      unsafe dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
    return isSanitized ? .max : 2 << 20
  }

  @Test func `ten thousand requests over TLS, with losses, leave nothing behind`() async throws {
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
      // A leak of one in a hundred requests would show as a hundred; other threads come and go.
      #expect(try ResourceTests.descriptors() - descriptors < 10)
      #expect(try ResourceTests.memory() - memory < ResourceTests.growthMaximum)
      server.close()
    }
  }

  @Test func `a thousand WebSockets, ended in every way, leave nothing behind`() async throws {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      var served = 0
      // Kept for longer than they last: an end must not wait until they are let go.
      var kept: [WebSocketPeer] = []
      let server = try HTTPServer(loop: loop, port: 0, tls: nil) { request, responder in
        guard let peer = responder.upgrade(request) else { return }
        kept.append(peer)
        served += 1
        peer.send(text: "hello")
        switch served % 4 {
        case 0: peer.close()
        case 1: peer.reset()
        case 2: peer.sendRaw([0xFF, 0x00])
        // The client closes.
        default: break
        }
      }

      func run(_ count: Int) throws {
        for _ in 0..<count {
          let client = try UpgradeText.client(loop, server.port)
          var isEnded = false
          client.onEvent = { [unowned client] event in
            switch event {
            case .opened, .binary: break
            case .text: client.close()
            case .closed: isEnded = true
            }
          }
          client.start()
          try loop.run(until: { isEnded })
        }
        try loop.run(until: { server.openConnections == 0 })
        kept = []
      }

      try run(100)
      let descriptors = try ResourceTests.descriptors()
      let memory = try ResourceTests.memory()
      try run(1_000)
      #expect(served == 1_100)
      #expect(try ResourceTests.descriptors() - descriptors < 10)
      #expect(try ResourceTests.memory() - memory < ResourceTests.growthMaximum)
      server.close()
    }
  }

  @Test func `without descriptors the server pauses instead of spinning, and recovers`() async {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      let server = try HTTPServer(loop: loop, port: 0, tls: nil) { _, responder in
        responder.respond(200)
      }
      // Connected by the kernel and written to, before the server's loop turns for the first time.
      let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
      address.sin_port = server.port.bigEndian
      let connected = unsafe withUnsafePointer(to: &address) { address in
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(connected == 0)
      let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
      let sent = unsafe write(socket, request, request.count)
      try #require(sent == request.count)
      var isAnswered = false
      try loop.register(socket, .read) { _ in isAnswered = true }

      // No number is left to give, whatever other threads of this process open and close: libdispatch
      // reads what its threads are doing from proc(5) when the machine is busy.
      var usual = rlimit()
      try #require(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual) == 0)
      var none = rlimit(rlim_cur: 0, rlim_max: usual.rlim_max)
      try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0)
      var turns = 0
      let until = Clock.monotonic().advanced(by: .milliseconds(350))
      while Clock.monotonic() < until {
        try loop.turn(until: until)
        turns += 1
      }
      #expect(!isAnswered)
      #expect(turns < 50)
      try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual) == 0)
      try loop.run(until: { isAnswered })
      var answer = [UInt8](repeating: 0, count: 15)
      let count = unsafe read(socket, &answer, answer.count)
      #expect(count == answer.count)
      #expect(answer == Array("HTTP/1.1 200 OK".utf8))
      server.close()
    }
  }
}
