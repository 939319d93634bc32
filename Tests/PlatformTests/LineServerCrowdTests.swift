import Domain
import Glibc
import Platform
import TestKit
import Testing

/// Clients that go before they have their answers, and more clients than there are places.
@Suite struct `The line server and its crowd` {
  private final class Seen {
    var inputs: [(LineServer.ConnectionID, LineInput)] = []
    var troubles: [LineServer.Trouble] = []
    var answering = true
    /// What the loop's clock is ahead of the machine's.
    var lead = Duration.zero
    weak var server: LineServer?

    var lines: [String] {
      inputs.map { input in
        if case .line(let bytes) = input.1 { String(decoding: bytes, as: UTF8.self) } else { "?" }
      }
    }
  }

  private let scratch: Scratch
  private let loop: EventLoop
  private let server: LineServer
  private let seen = Seen()
  private var path: String { scratch("socket") }
  private let holder = LineServer.Holder(user: getuid(), process: getpid())

  init() throws {
    scratch = try Scratch()
    let seen = seen
    loop = try EventLoop(clock: { Clock.monotonic().advanced(by: seen.lead) })
    server = try LineServer(
      listener: UnixListener(path: scratch("socket"), mode: 0o600), maximumLineBytes: 100,
      loop: loop,
      handlers: .init(
        received: { id, input in
          seen.inputs.append((id, input))
          if seen.answering { seen.server?.answer(id, Array("re: \(seen.lines.last ?? "")".utf8)) }
        },
        troubled: { seen.troubles.append($0) }))
    seen.server = server
  }

  private func expectRest() throws {
    for _ in 0..<10 { try loop.turn(until: Clock.monotonic()) }
    // Nothing is ready any more: the turn lasts until its deadline.
    let deadline = Clock.monotonic().advanced(by: .milliseconds(20))
    try loop.turn(until: deadline)
    #expect(Clock.monotonic() >= deadline)
  }

  @Test func `what a client sent before it went is read, though its answers reach nobody`() throws {
    seen.answering = false
    let client = try RawClient(path)
    client.send("one\n")
    #expect(try loop.turns { seen.inputs.count == 1 })
    client.send("two\n")
    client.send("three without an end")
    client.close()
    server.answer(seen.inputs[0].0, Array("late".utf8))
    #expect(try loop.turns { seen.inputs.count == 3 })
    #expect(seen.lines == ["one", "two", "three without an end"])
    try expectRest()
    for input in seen.inputs[1...] { server.answer(input.0, Array("late".utf8)) }
    #expect(try loop.turns { server.clientCount == 0 })
  }

  @Test func `a client that goes with an answer unread has its last line read`() throws {
    let client = try RawClient(path)
    client.send("one\n")
    #expect(try loop.turns { seen.inputs.count == 1 })
    client.send("two\nlast without an end")
    client.close()
    #expect(try loop.turns { server.clientCount == 0 })
    #expect(seen.lines == ["one", "two", "last without an end"])
  }

  @Test(arguments: [true, false])
  func `a thousand lines of a client that goes are all read`(answersCome: Bool) throws {
    seen.answering = answersCome
    let client = try RawClient(path)
    // More than one read takes.
    let text = String(repeating: "0123456789012345678901234567890123456789\n", count: 1_000)
    #expect(client.send(text) == text.utf8.count)
    client.close()
    var answered = 0
    #expect(
      try loop.turns {
        if !answersCome {
          if seen.inputs.count == LineServer.maximumUnanswered { try expectRest() }
          for input in seen.inputs[answered...] { server.answer(input.0, [0x79]) }
          answered = seen.inputs.count
        }
        return server.clientCount == 0 && !seen.inputs.isEmpty
      })
    #expect(seen.inputs.count == 1_000)
  }

  @Test func `a client that reads nothing more is heard to its end`() throws {
    let client = try RawClient(path)
    shutdown(client.number, CInt(SHUT_RD))
    client.send("one\n")
    #expect(try loop.turns { seen.inputs.count == 1 })
    try expectRest()
    client.send("two\n")
    #expect(try loop.turns { seen.inputs.count == 2 })
    client.close()
    #expect(try loop.turns { server.clientCount == 0 })
  }

  private func fill() throws -> [RawClient] { try fill(server, at: path) }

  private func fill(_ server: LineServer, at path: String) throws -> [RawClient] {
    try (1...LineServer.maximumClients).map { number in
      let client = try RawClient(path)
      #expect(try loop.turns { server.clientCount == number })
      return client
    }
  }

  @Test func `for a client beyond the limit the one that was idle longest is closed`() throws {
    let clients = try fill()
    // The first one is not idle longest any more.
    clients[0].send("here\n")
    #expect(try loop.turns { clients[0].text == "re: here\n" })
    // Nobody may close on one whose line has begun, nor on one whose line was not read yet.
    clients[1].send("a part")
    try expectRest()
    let next = try RawClient(path)
    clients[2].send("just now\n")
    next.send("one more\n")
    #expect(try loop.turns { next.text == "re: one more\n" })
    #expect(clients[2].text == "re: just now\n")
    // A process that another test makes holds every descriptor for a moment.
    #expect(try loop.turns { clients[3].isAtEnd })
    #expect(clients.indices.filter { clients[$0].isAtEnd } == [3])
    #expect(seen.troubles == [.idleClosed(holder)])
    #expect(seen.troubles.first?.description.contains("uid \(getuid()) (pid \(getpid()))") == true)
    #expect(server.troubles == [])
  }

  @Test func `a client beyond the limit is turned away when nobody is idle`() throws {
    seen.answering = false
    let clients = try fill()
    for client in clients { client.send("one\n") }
    #expect(try loop.turns { seen.inputs.count == clients.count })
    let refused = try RawClient(path)
    #expect(try loop.turns { refused.isAtEnd })
    #expect(seen.troubles == [.tooManyClients(holder)])
    #expect(server.troubles == seen.troubles)
    #expect(server.clientCount == LineServer.maximumClients)
    clients[0].close()
    server.answer(seen.inputs[0].0, [0x79])
    #expect(try loop.turns { server.clientCount == LineServer.maximumClients - 1 })
    #expect(server.troubles == [])
    seen.answering = true
    let next = try RawClient(path)
    next.send("room again\n")
    #expect(try loop.turns { next.text == "re: room again\n" })
  }

  @Test func `a client whose line does not end holds its place for a minute`() throws {
    let clients = try fill()
    for client in clients { client.send("one\na part") }
    #expect(try loop.turns { seen.inputs.count == clients.count })
    let refused = try RawClient(path)
    #expect(try loop.turns { refused.isAtEnd })
    #expect(server.troubles == [.tooManyClients(holder)])
    seen.lead = .seconds(61)
    #expect(server.troubles == [])
    let next = try RawClient(path)
    next.send("room again\n")
    #expect(try loop.turns { next.text == "re: room again\n" })
    #expect(try loop.turns { clients.count { $0.isAtEnd } == 1 })
    #expect(seen.lines.count == clients.count + 1)
  }

  /// More than one read takes.
  @Test func `a client whose late line has been sent whole is heard and stays`() throws {
    let path = scratch("long")
    let seen = seen
    let server = try LineServer(
      listener: UnixListener(path: path, mode: 0o600), maximumLineBytes: 50_000, loop: loop,
      handlers: .init(
        received: { id, input in
          seen.inputs.append((id, input))
          seen.server?.answer(id, Array("heard".utf8))
        },
        troubled: { seen.troubles.append($0) }))
    defer { server.close() }
    seen.server = server
    let clients = try fill(server, at: path)
    for client in clients { client.send("one\na part") }
    #expect(try loop.turns { seen.inputs.count == clients.count })
    seen.lead = .seconds(61)
    let next = try RawClient(path)
    let rest = String(repeating: "x", count: 40_000)
    #expect(clients[0].send(rest + "\n") == 40_001)
    next.send("room again\n")
    #expect(try loop.turns { next.text == "heard\n" })
    #expect(clients[0].text == "heard\nheard\n")
    #expect(seen.lines.contains("a part" + rest))
    #expect(try loop.turns { clients.count { $0.isAtEnd } == 1 })
    #expect(!clients[0].isAtEnd)
  }

  /// One byte from time to time is no reason to wait.
  @Test func `a client whose line goes on and does not end holds its place no longer`() throws {
    let clients = try fill()
    for client in clients { client.send("one\na part") }
    #expect(try loop.turns { seen.inputs.count == clients.count })
    seen.lead = .seconds(50)
    for client in clients { client.send("x") }
    for _ in clients { try loop.turn(until: Clock.monotonic()) }
    seen.lead = .seconds(70)
    let next = try RawClient(path)
    // What goes on to come is read when a place is looked for.
    for client in clients { client.send("y") }
    next.send("room again\n")
    #expect(try loop.turns { next.text == "re: room again\n" })
    #expect(try loop.turns { clients.count { $0.isAtEnd } == 1 })
    #expect(
      seen.troubles.first?.description.contains("whose line has not ended for a minute") == true)
  }

  @Test func `a client whose lines end holds its place, however many parts come`() throws {
    let clients = try fill()
    for client in clients { client.send("one\na part") }
    #expect(try loop.turns { seen.inputs.count == clients.count })
    seen.lead = .seconds(50)
    for client in clients { client.send(" and its end\nanother part") }
    #expect(try loop.turns { seen.inputs.count == 2 * clients.count })
    seen.lead = .seconds(100)
    let refused = try RawClient(path)
    #expect(try loop.turns { refused.isAtEnd })
    #expect(clients.allSatisfy { !$0.isAtEnd })
  }
}
