import Domain
import Foundation
import Glibc
import Platform
import TestKit
import Testing

@Suite struct `Unix sockets` {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func failure(_ path: String) -> UnixSocketError? {
    do {
      _ = try UnixListener(path: path, mode: 0o600)
      return nil
    } catch {
      return error
    }
  }

  @Test func `the listener makes its folder, has its mode and cleans up after itself`() throws {
    let path = scratch("run/deep/signal.sock")
    var listener: UnixListener? = try UnixListener(path: path, mode: 0o660)
    let status = try #require(FileStatus.at(path: path))
    #expect(status.kind == .socket)
    #expect(status.mode == 0o660)
    #expect(listener?.path == path)
    listener = nil
    #expect(FileStatus.at(path: path) == nil)
  }

  @Test func `a stale socket is replaced`() throws {
    let path = scratch("stale")
    var first: UnixListener? = try UnixListener(path: scratch("other"), mode: 0o600)
    // Under another name the socket file outlives its listener.
    try scratch.move("other", "stale")
    #expect(first != nil)
    first = nil
    #expect(try #require(FileStatus.at(path: path)).kind == .socket)
    let second = try UnixListener(path: path, mode: 0o600)
    #expect(throws: Never.self) { try UnixClient(path: path) }
    withExtendedLifetime(second) {}
  }

  @Test func `a live socket, a file and a link are left alone`() throws {
    let path = scratch("live")
    let listener = try UnixListener(path: path, mode: 0o600)
    #expect(failure(path) == .inUse(path: path))
    #expect(throws: Never.self) { try UnixClient(path: path) }
    let file = try scratch.write("file", "precious")
    #expect(failure(file) == .notASocket(path: file, .regular))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
    let link = scratch("link")
    try scratch.symbolicLink("link", to: path)
    #expect(failure(link) == .notASocket(path: link, .link))
    withExtendedLifetime(listener) {}
  }

  @Test func `another file that took its name is not removed`() throws {
    let path = scratch("taken")
    var listener: UnixListener? = try UnixListener(path: path, mode: 0o600)
    try scratch.remove("taken")
    try scratch.write("taken", "other")
    #expect(listener != nil)
    listener = nil
    #expect(FileStatus.at(path: path)?.kind == .regular)
  }

  @Test func `a path is at most 107 bytes`() throws {
    let room = 107 - scratch.path.utf8.count - 1
    let fitting = scratch(String(repeating: "s", count: room))
    #expect(failure(fitting) == nil)
    let tooLong = fitting + "s"
    #expect(failure(tooLong) == .pathTooLong(path: tooLong, limit: 107))
  }

  @Test func `a listening socket can be taken over, nothing else can`() throws {
    let path = scratch("activated")
    let original = try UnixListener(path: path, mode: 0o600)
    let copy = dup(original.number)
    var other: UnixListener? = try UnixListener(adopting: dup(original.number))
    #expect(other?.path == path && other?.hasItsName == true)
    other = nil
    // Its name belongs to whoever has made it.
    #expect(FileStatus.at(path: path)?.kind == .socket)
    let adopted = try UnixListener(adopting: copy)
    #expect(adopted.isHandedOver && !original.isHandedOver)
    #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
    let pair = try Pair.socket()
    #expect(throws: UnixSocketError.notListening(descriptor: pair.near)) {
      try UnixListener(adopting: pair.near)
    }
    let pipe = try Pair.pipe()
    #expect(throws: UnixSocketError.notListening(descriptor: pipe.near)) {
      try UnixListener(adopting: pipe.near)
    }
    withExtendedLifetime(original) {}
  }

  @Test func `a socket that was handed over and cannot be seen has no path to lose`() throws {
    let path = scratch("hidden")
    let original = try UnixListener(path: path, mode: 0o600)
    try #require(unsafe unlink(path) == 0)
    #expect(try UnixListener(adopting: dup(original.number)).path == nil)
    withExtendedLifetime(original) {}
  }

  @Test func `a path that fills its address is read whole`() throws {
    let path = scratch(String(repeating: "s", count: 108 - scratch.path.utf8.count - 1))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let bound = unsafe withUnsafePointer(to: address) { whole in
      unsafe whole.withMemoryRebound(to: sockaddr.self, capacity: 1) { start in
        unsafe bind(number, start, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(number, 1) == 0)
    #expect(try UnixListener(adopting: number).path == path)
  }

  @Test func `a client waits for a place in a queue that is full, and says so once`() throws {
    let path = scratch("full")
    let listener = try UnixListener(path: path, mode: 0o600)
    var clients: [UnixClient] = []
    while clients.count < 1_000, let client = try? UnixClient(path: path) {
      clients.append(client)
    }
    try #require(clients.count < 1_000)
    #expect(throws: UnixClient.Failure.timedOut) {
      try UnixClient(path: path, until: Clock.monotonic())
    }
    var notices = 0
    let notice = UnixClient.Notice(at: Clock.monotonic()) {
      notices += 1
      Glibc.close(accept(listener.number, nil, nil))
    }
    let deadline = Clock.monotonic().advanced(by: patience)
    clients.append(try UnixClient(path: path, until: deadline, notice: notice))
    #expect(notices == 1)
    // It does not block after it has waited.
    #expect(throws: UnixClient.Failure.timedOut) {
      try clients.last?.readLine(until: Clock.monotonic())
    }
    #expect(notices == 1)
  }

  @Test func `a client says what went wrong`() throws {
    let nowhere = scratch("nowhere")
    #expect(throws: UnixClient.Failure.notListening(path: nowhere)) {
      try UnixClient(path: nowhere)
    }
    let path = scratch("silent")
    let listener = try UnixListener(path: path, mode: 0o600)
    let client = try UnixClient(path: path)
    let soon = Clock.monotonic().advanced(by: .milliseconds(20))
    #expect(throws: UnixClient.Failure.timedOut) {
      try client.request(Array("hello".utf8), until: soon)
    }
    #expect(Clock.monotonic() >= soon)
    withExtendedLifetime(listener) {}
  }
}
