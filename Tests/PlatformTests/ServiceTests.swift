import CLinux
import Domain
import Foundation
import Glibc
import Platform
import TestKit
import Testing

@Suite struct `The service manager` {
  private func listener(_ address: [UInt8]) throws -> CInt {
    let number = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
    try #require(unsafe clinux_bind_unix(number, address, address.count) == 0)
    return number
  }

  private func messages(_ number: CInt, _ count: Int) -> [String] {
    (0..<count).map { _ in
      var buffer = [UInt8](repeating: 0, count: 4_096)
      let length = unsafe recv(number, &buffer, buffer.count, CInt(MSG_DONTWAIT))
      return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
    }
  }

  private func manager(_ variables: [String: String]) -> ServiceManager {
    ServiceManager { variables[$0] }
  }

  @Test(arguments: [true, false])
  func `it is told how the service is`(isAbstract: Bool) throws {
    let scratch = try Scratch()
    let path = (isAbstract ? "@" : "") + scratch("notify")
    var address = Array(path.utf8)
    if isAbstract { address[0] = 0 }
    let number = try listener(address)
    defer { close(number) }
    let manager = manager(["NOTIFY_SOCKET": path])
    manager.ready()
    manager.status("2 in flight\nREADY=1")
    manager.watchdog()
    manager.reloading()
    manager.stopping()
    let texts = messages(number, 6)
    #expect(texts[0] == "READY=1")
    #expect(texts[1] == "STATUS=2 in flight\\nREADY=1")
    #expect(texts[2] == "WATCHDOG=1")
    let lines = texts[3].split(separator: "\n")
    #expect(lines.first == "RELOADING=1")
    let time = try #require(lines.last?.wholeMatch(of: /MONOTONIC_USEC=([0-9]+)/))
    #expect(try #require(Int64(time.1)) > 0)
    #expect(texts[4] == "STOPPING=1")
    #expect(texts[5] == "")
  }

  @Test(arguments: [
    [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "vsock:2:1"],
    ["NOTIFY_SOCKET": "/nowhere/at/all"],
  ])
  func `without it nothing happens, and no socket is left open`(
    variables: [String: String]
  ) throws {
    let before = try #require(ProcessFacts.openDescriptors())
    // So many that what other tests open meanwhile does not matter.
    let calls = 500
    let manager = manager(variables)
    for _ in 0..<calls { manager.ready() }
    #expect(try #require(ProcessFacts.openDescriptors()) < before + calls / 2)
  }

  @Test func `the watchdog is for the process that it names`() {
    let own = String(getpid())
    #expect(
      manager(["WATCHDOG_USEC": "15000000", "WATCHDOG_PID": own]).watchdogInterval == .seconds(15))
    #expect(manager(["WATCHDOG_USEC": "15000000"]).watchdogInterval == .seconds(15))
    #expect(manager(["WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "1"]).watchdogInterval == nil)
    #expect(manager(["WATCHDOG_USEC": "0"]).watchdogInterval == nil)
    #expect(manager(["WATCHDOG_USEC": "soon"]).watchdogInterval == nil)
    #expect(manager([:]).watchdogInterval == nil)
  }

  @Test func `sockets are taken over by their names`() throws {
    // Descriptor 3 is somebody else's in this process.
    let first = fcntl(STDIN_FILENO, F_DUPFD, 900)
    try #require(first >= 900 && dup2(STDIN_FILENO, first + 1) == first + 1)
    defer {
      close(first)
      close(first + 1)
    }
    let variables = [
      "LISTEN_PID": String(getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "signal:",
    ]
    let sockets = ServiceManager(firstDescriptor: first) { variables[$0] }.activatedSockets()
    #expect(sockets.map(\.name) == ["signal", "unknown"])
    #expect(sockets.map(\.descriptor) == [first, first + 1])
    #expect(fcntl(first, F_GETFD) == FD_CLOEXEC && fcntl(first + 1, F_GETFD) == FD_CLOEXEC)
    #expect(manager(["LISTEN_PID": "1", "LISTEN_FDS": "2"]).activatedSockets() == [])
    #expect(manager(["LISTEN_FDS": "2"]).activatedSockets() == [])
    #expect(manager(["LISTEN_PID": String(getpid())]).activatedSockets() == [])
  }
}

@Suite struct `Signals of the process` {
  @Test func `they come through the loop, and SIGPIPE ends nothing`() async {
    // The mask and the signals are a whole process's, so a child is asked.
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      var requests: [ProcessRequest] = []
      let watch = try PosixSignalWatch(loop: loop) { requests.append($0) }
      for number in [SIGHUP, SIGTERM, SIGINT] {
        let count = requests.count
        raise(number)
        while requests.count == count { try loop.turn() }
      }
      raise(SIGPIPE)
      watch.close()
      exit(requests == [.reload, .stop, .stop] ? 0 : 1)
    }
  }
}

@Suite struct `Secrets` {
  @Test func `no description shows the bytes`() {
    struct Holder { let secret: Secret }
    let secret = Secret(copying: Array("hunter2-hunter2".utf8))
    var dumped = ""
    dump(Holder(secret: secret), to: &dumped)
    for text in [
      "\(secret)", String(describing: secret), String(reflecting: secret),
      "\(Holder(secret: secret))", dumped,
    ] {
      #expect(text.contains("(secret)"))
      #expect(!text.contains("hunter"))
      #expect(!text.contains("104"))
    }
  }

  @Test func `the bytes are lent, and can be erased where they came from`() {
    var bytes = Array("key".utf8)
    let secret = Secret(copying: bytes)
    Secret.erase(&bytes)
    #expect(bytes.isEmpty)
    #expect(secret.count == 3)
    let copy = secret.withBytes { span in span.indices.map { span[$0] } }
    #expect(copy == Array("key".utf8))
    #expect(Secret(copying: []).withBytes { $0.isEmpty })
  }

  @Test func `bytes can be handed over, written in place and compared`() {
    var bytes = Array("key".utf8)
    let secret = Secret(taking: &bytes)
    #expect(bytes.isEmpty)
    let written = Secret(count: 3) { span in
      #expect(span[2] == 0)
      for (index, byte) in "key".utf8.enumerated() { span[index] = byte }
    }
    #expect(secret.equals(written))
    #expect(!secret.equals(Secret(copying: Array("kez".utf8))))
    #expect(!secret.equals(Secret(copying: Array("key!".utf8))))
    #expect(Secret(copying: []).equals(Secret(count: 0) { _ in }))
  }
}

@Suite struct `The lock` {
  /// A child that another test starts holds what its parent had open until it runs its own program.
  private func next(_ path: String) throws -> DirectoryLock {
    let end = deadline(after: patience)
    while true {
      do throws(DirectoryLock.Failure) {
        return try DirectoryLock(path: path)
      } catch {
        guard Clock.monotonic() < end, case .heldByAnother = error else { throw error }
        sched_yield()
      }
    }
  }

  @Test func `one holder at a time, and it says who`() throws {
    let scratch = try Scratch()
    let path = scratch("lock")
    var first: DirectoryLock? = try DirectoryLock(path: path)
    #expect(throws: DirectoryLock.Failure.heldByAnother(process: getpid())) {
      try DirectoryLock(path: path)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(getpid())\n")
    #expect(first != nil)
    first = nil
    let second = try next(path)
    withExtendedLifetime(second) {}
    try scratch.symbolicLink("link", to: path)
    #expect(
      throws: DirectoryLock.Failure.system(
        SystemError("open", scratch("link"), number: ELOOP))
    ) { try DirectoryLock(path: scratch("link")) }
  }
}

@Suite struct `Facts of the process` {
  @Test func `they are plausible`() throws {
    let resident = try #require(ProcessFacts.residentBytes())
    #expect(resident > 1 << 20)
    #expect(resident % sysconf(CInt(_SC_PAGESIZE)) == 0)
    #expect(try #require(ProcessFacts.openDescriptors()) >= 3)
  }
}
