import Domain
import Glibc
import Platform
import TestKit
import Testing

@Suite struct `The line server` {
  private final class Seen {
    var inputs: [(LineServer.ConnectionID, LineInput)] = []
    var connected: [(LineServer.ConnectionID, PeerCredentials)] = []
    var disconnected: [LineServer.ConnectionID] = []
    var troubles: [LineServer.Trouble] = []
    var answering = true
    var finishing = false
    weak var server: LineServer?

    var lines: [String] {
      inputs.map { input in
        switch input.1 {
        case .line(let bytes): String(decoding: bytes, as: UTF8.self)
        case .tooLong: "(too long)"
        case .foreign(let other): "(\(other.rawValue))"
        }
      }
    }
  }

  private let scratch: Scratch
  private let loop: EventLoop
  private let server: LineServer
  private let seen = Seen()
  private var path: String { scratch("socket") }

  init() throws {
    scratch = try Scratch()
    loop = try EventLoop()
    let seen = seen
    server = try LineServer(
      listener: UnixListener(path: scratch("socket"), mode: 0o600), maximumLineBytes: 100,
      loop: loop,
      handlers: .init(
        connected: { seen.connected.append(($0, $1)) },
        received: { id, input in
          seen.inputs.append((id, input))
          if seen.answering { seen.server?.answer(id, Array("re: \(seen.lines.last ?? "")".utf8)) }
          if seen.finishing { seen.server?.finish(id) }
        },
        disconnected: { seen.disconnected.append($0) },
        troubled: { seen.troubles.append($0) }))
    seen.server = server
  }

  @Test func `lines are answered in their order`() throws {
    let client = try RawClient(path)
    client.send("one\ntwo\r\n\n\r\nthr")
    #expect(try loop.turns { seen.inputs.count == 2 })
    client.send("ee\n")
    #expect(try loop.turns { client.text == "re: one\nre: two\nre: three\n" })
    #expect(seen.connected.map(\.1.process) == [getpid()])
    #expect(seen.connected.map(\.1.user) == [getuid()])
    client.close()
    #expect(try loop.turns { server.clientCount == 0 })
    #expect(seen.disconnected == seen.connected.map(\.0))
  }

  @Test func `a client that stops sending still gets its answers, its last line too`() throws {
    seen.answering = false
    let client = try RawClient(path)
    client.send("one\nlast without an end")
    client.endSending()
    #expect(try loop.turns { seen.inputs.count == 2 })
    #expect(seen.lines == ["one", "last without an end"])
    for input in seen.inputs { server.answer(input.0, Array("late".utf8)) }
    #expect(try loop.turns { client.text == "late\nlate\n" && client.isAtEnd })
    #expect(server.clientCount == 0)
  }

  @Test func `a line that is too long is reported once and the connection goes on`() throws {
    let client = try RawClient(path)
    let long = String(repeating: "x", count: 100)
    client.send(long + "\n" + long + "\r\n" + long + "y\n" + "after\n")
    #expect(try loop.turns { seen.inputs.count == 4 })
    #expect(seen.lines == [long, long, "(too long)", "after"])
    // Without an end in sight it is reported before it ends.
    client.send(String(repeating: "z", count: 20_000))
    #expect(try loop.turns { seen.inputs.count == 5 })
    client.send("still the same line\nnext\n")
    #expect(try loop.turns { seen.inputs.count == 6 })
    #expect(seen.lines.suffix(2) == ["(too long)", "next"])
  }

  @Test func `a client that does not read is not read, and harms nobody`() throws {
    seen.answering = false
    let slow = try RawClient(path)
    let answer = [UInt8](repeating: 0x61, count: 4_000)
    var sent = 0
    // Feeds and answers until the client's own socket is full.
    var idle = 0
    while idle < 50 {
      let count = slow.send("0123456789\n")
      if count == 11 { sent += 1 }
      let before = seen.inputs.count
      try loop.turn(until: Clock.monotonic())
      for input in seen.inputs[before...] { server.answer(input.0, answer) }
      idle = count == 11 || seen.inputs.count > before ? 0 : idle + 1
    }
    let handled = seen.inputs.count
    #expect(handled < sent)
    #expect(handled * 4_000 < LineServer.pausingBytes * 3)
    let quick = try RawClient(path)
    quick.send("quick\n")
    #expect(try loop.turns { seen.lines.last == "quick" })
    if let last = seen.inputs.last { server.answer(last.0, Array("done".utf8)) }
    #expect(try loop.turns { quick.text == "done\n" })
    // Once it reads, everything that it sent is handled.
    var next = handled + 1
    #expect(
      try loop.turns {
        for input in seen.inputs[next...] { server.answer(input.0, answer) }
        next = seen.inputs.count
        return slow.text.utf8.count == sent * 4_001
      })
    #expect(seen.inputs.count == sent + 1)
  }

  @Test func `a client that waits for answers is not read without end`() throws {
    seen.answering = false
    let client = try RawClient(path)
    #expect(client.send(String(repeating: "x\n", count: 1_000)) == 2_000)
    #expect(try loop.turns { seen.inputs.count == LineServer.maximumUnanswered })
    for _ in 0..<20 { try loop.turn(until: Clock.monotonic()) }
    #expect(seen.inputs.count == LineServer.maximumUnanswered)
    var answered = 0
    #expect(
      try loop.turns {
        for input in seen.inputs[answered...] { server.answer(input.0, [0x79]) }
        answered = seen.inputs.count
        return client.text.utf8.count == 2_000
      })
  }

  @Test func `nobody talks for longer than a turn`() throws {
    let talker = try RawClient(path)
    let other = try RawClient(path)
    talker.send(String(repeating: "x\n", count: 2_000))
    other.send("me too\n")
    #expect(try loop.turns { seen.lines.contains("me too") })
    // Its second helping comes after everybody's first.
    #expect(seen.inputs.count <= 2 * LineServer.linesPerTurn + 1)
    #expect(try loop.turns { seen.inputs.count == 2_001 })
  }

  @Test func `a client that vanishes while it is owed answers does not spin the loop`() throws {
    seen.answering = false
    let client = try RawClient(path)
    client.send("one\n")
    client.close()
    #expect(try loop.turns { seen.inputs.count == 1 })
    for _ in 0..<10 { try loop.turn(until: Clock.monotonic()) }
    // Nothing is ready any more: the turn lasts until its deadline.
    let deadline = Clock.monotonic().advanced(by: .milliseconds(20))
    try loop.turn(until: deadline)
    #expect(Clock.monotonic() >= deadline)
    server.answer(seen.inputs[0].0, Array("too late".utf8))
    #expect(server.clientCount == 0)
    #expect(seen.disconnected.count == 1)
  }

  @Test func `a client that is finished reads what it is owed, and is not read`() throws {
    let client = try RawClient(path)
    client.send("one\n")
    #expect(try loop.turns { client.text == "re: one\n" })
    server.finish(seen.inputs[0].0)
    client.send("ignored\n")
    #expect(try loop.turns { client.isAtEnd })
    #expect(seen.inputs.count == 1)
    client.close()
    #expect(try loop.turns { server.clientCount == 0 })
  }

  @Test func `a client that is finished while its lines wait does not spin the loop`() throws {
    seen.answering = false
    let client = try RawClient(path)
    client.send("one\n")
    #expect(try loop.turns { seen.inputs.count == 1 })
    // More than its socket takes, and not so much that it is not read.
    server.answer(seen.inputs[0].0, [UInt8](repeating: 0x61, count: LineServer.pausingBytes))
    seen.finishing = true
    client.send("two\nthree\n")
    #expect(try loop.turns { seen.inputs.count == 2 })
    for _ in 0..<10 { try loop.turn(until: Clock.monotonic()) }
    // Nothing is ready any more: the turn lasts until its deadline.
    let deadline = Clock.monotonic().advanced(by: .milliseconds(20))
    try loop.turn(until: deadline)
    #expect(Clock.monotonic() >= deadline)
    #expect(try loop.turns { client.text.utf8.count == LineServer.pausingBytes + 1 })
    #expect(try loop.turns { client.isAtEnd })
    #expect(seen.lines == ["one", "two"])
  }

  @Test func `another protocol is told once, and its client hears so before the end`() throws {
    let client = try RawClient(path)
    client.send("one\nPOST / HTTP/1.1\r\nHost: localhost\r\n\r\nno line\n")
    #expect(try loop.turns { seen.inputs.count == 2 })
    client.send("no line either\n")
    #expect(try loop.turns { client.text == "re: one\nre: (HTTP)\n" })
    server.finish(seen.inputs[1].0)
    #expect(try loop.turns { client.isAtEnd })
    #expect(seen.lines == ["one", "(HTTP)"])
    client.close()
    #expect(try loop.turns { server.clientCount == 0 })
    #expect(seen.disconnected.count == 1)
  }

  @Test func `a client that still sends is not cut off in the middle, nor heard for ever`() throws {
    let client = try RawClient(path)
    client.send("one\n")
    #expect(try loop.turns { client.text == "re: one\n" })
    server.finish(seen.inputs[0].0)
    for _ in 0..<10 {
      #expect(client.send(String(repeating: "x", count: 1_000)) == 1_000)
      try loop.turn(until: Clock.monotonic())
    }
    #expect(client.isAtEnd)
    #expect(server.clientCount == 1)
    // One that never ends is left after a moment, without a word to anybody.
    #expect(try loop.turns { server.clientCount == 0 })
    #expect(client.send("x") < 0)
    #expect(seen.inputs.count == 1)

    let flood = try RawClient(path)
    flood.send("two\n")
    #expect(try loop.turns { flood.text == "re: two\n" })
    server.finish(seen.inputs[1].0)
    #expect(
      try loop.turns {
        flood.send(String(repeating: "y", count: 64 * 1024))
        return server.clientCount == 0
      })
  }

  @Test func `when reading stops, what is owed is still sent`() throws {
    seen.answering = false
    let client = try RawClient(path)
    let idle = try RawClient(path)
    client.send("one\n")
    #expect(try loop.turns { seen.inputs.count == 1 && seen.connected.count == 2 })
    server.stopReading()
    #expect(server.clientCount == 1)
    #expect(idle.isAtEnd)
    client.send("two\n")
    server.answer(seen.inputs[0].0, Array("done".utf8))
    #expect(client.text == "done\n")
    #expect(server.clientCount == 0)
    #expect(seen.inputs.count == 1)
  }

  @Test func `a client that comes in the turn in which reading stops is not taken`() throws {
    let server = server
    let pipe = try Pair.pipe()
    try loop.register(pipe.far, .read) { _ in
      _ = available(pipe.far)
      server.stopReading()
    }
    // The loop hears of the two in this order.
    try #require(unsafe write(pipe.near, "x", 1) == 1)
    let client = try RawClient(path)
    client.send("one\n")
    for _ in 0..<10 { try loop.turn(until: Clock.monotonic()) }
    #expect(seen.connected.isEmpty && seen.inputs.isEmpty)
    loop.deregister(pipe.far)
  }

  @Test func `a socket whose file is removed or replaced is made again, and clients stay`() throws {
    let early = try RawClient(path)
    try #require(unsafe unlink(path) == 0)
    try scratch.write("socket", "in its place")
    #expect(try loop.turns { !seen.troubles.isEmpty })
    let reason = try #require(seen.troubles.first?.description)
    #expect(reason.contains("it cannot be made again") && reason.contains(path), "\(reason)")
    #expect(server.troubles == seen.troubles)
    try #require(unsafe unlink(path) == 0)
    #expect(try loop.turns { seen.troubles.last == .nameLost(path: path) })
    #expect(server.troubles == [])
    let late = try RawClient(path)
    for client in [early, late] {
      client.send("here\n")
      #expect(try loop.turns { client.text == "re: here\n" })
    }
    #expect(seen.troubles.count == 2)
    server.close()
  }

  @Test
  func `the lost name of a socket that was handed over is told once, and stays a trouble`() throws {
    let original = try UnixListener(path: scratch("handed"), mode: 0o600)
    var troubles: [LineServer.Trouble] = []
    let adopting = try LineServer(
      listener: UnixListener(adopting: dup(original.number)), maximumLineBytes: 100, loop: loop,
      handlers: .init(received: { _, _ in }, troubled: { troubles.append($0) }))
    try #require(unsafe unlink(scratch("handed")) == 0)
    #expect(try loop.turns { !troubles.isEmpty })
    #expect(troubles == [.handedNameLost(path: scratch("handed"))])
    #expect(FileStatus.at(path: scratch("handed")) == nil)
    #expect(adopting.troubles == troubles)
    adopting.close()
    withExtendedLifetime(original) {}
  }

  @Test func `many clients leave no descriptor behind`() async {
    // A process of its own: in this one other tests open descriptors.
    await #expect(processExitsWith: .success) {
      try `The line server`().serveTwenty()
      guard let before = ProcessFacts.openDescriptors() else { exit(4) }
      for _ in 0..<10 { try `The line server`().serveTwenty() }
      guard let after = ProcessFacts.openDescriptors() else { exit(4) }
      // A leak adds at least one a round; the process's other threads come and go by a few.
      exit(after - before < 10 ? 0 : 1)
    }
  }

  private func serveTwenty() throws {
    let clients = try (0..<20).map { _ in try RawClient(path) }
    for client in clients { client.send("hello\n") }
    guard try loop.turns(until: { clients.allSatisfy { $0.text == "re: hello\n" } })
    else { exit(2) }
    for client in clients { client.close() }
    guard try loop.turns(until: { server.clientCount == 0 }) else { exit(3) }
  }

  @Test func `without a free descriptor it waits and does not spin`() async {
    // The limit is a whole process's.
    await #expect(processExitsWith: .success) {
      let suite = try `The line server`()
      let client = try RawClient(suite.path)
      var usual = rlimit()
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
      var none = rlimit(rlim_cur: 0, rlim_max: usual.rlim_max)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
      try suite.loop.turn(until: Clock.monotonic())
      guard suite.seen.troubles == [.cannotAccept(SystemError("accept4", number: EMFILE))]
      else { exit(2) }
      let deadline = Clock.monotonic().advanced(by: .milliseconds(20))
      try suite.loop.turn(until: deadline)
      guard Clock.monotonic() >= deadline, suite.seen.troubles.count == 1,
        suite.server.troubles == suite.seen.troubles
      else { exit(3) }
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
      client.send("hello\n")
      guard try suite.loop.turns(until: { client.text == "re: hello\n" }) else { exit(4) }
      exit(suite.server.troubles == [] ? 0 : 5)
    }
  }

  @Test func `the waiting client and the server understand each other`() throws {
    let client = try UnixClient(path: path)
    let deadline = Clock.monotonic().advanced(by: .seconds(10))
    try client.send(Array("hello".utf8), until: deadline)
    #expect(try loop.turns { seen.inputs.count == 1 })
    #expect(try client.readLine(until: deadline) == Array("re: hello".utf8))
    server.close()
    #expect(throws: UnixClient.Failure.closed) { try client.readLine(until: deadline) }
  }
}
