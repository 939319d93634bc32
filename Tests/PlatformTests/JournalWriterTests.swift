import Domain
import Glibc
import Platform
import TestKit
import Testing

/// Lines with fields for systemd's journal, and what becomes of them when it does not take them.
struct JournalWriterTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func logger(_ descriptor: CInt) throws -> Logger {
    Logger(
      level: .debug, format: .journal, descriptor: descriptor,
      journal: try JournalWriter(path: scratch("journal"), identifier: "mexc-signald-second")
    ) { WallTime(milliseconds: 0) }
  }

  @Test func `a line has its fields, its kind and its priority`() throws {
    let journal = try JournalSocket(scratch("journal"))
    let pipe = try Pair.pipe()
    try logger(pipe.near).log(
      .error, "not found: gone",
      [
        LogField("signal_id", "a-1"), LogField("client_order_id", "sgX"),
        LogField("symbol", "BTCUSDT"), LogField("code", "not_found"), LogField("note", "two words"),
      ], kind: .orderNotFound)
    #expect(
      try journal.entry()
        == [
          "PRIORITY=3", "SYSLOG_IDENTIFIER=mexc-signald-second",
          "MESSAGE_ID=\(LogKind.orderNotFound.rawValue)", "SIGNAL_ID=a-1", "CLIENT_ORDER_ID=sgX",
          "SYMBOL=BTCUSDT", "CODE=not_found", "NOTE=two words",
          "MESSAGE=not found: gone signal_id=a-1 client_order_id=sgX symbol=BTCUSDT code=not_found "
            + "note=\"two words\"",
        ])
    #expect(available(pipe.far) == "")
  }

  @Test func `no value begins a field of its own, and no field takes the journal's names`() throws {
    let journal = try JournalSocket(scratch("journal"))
    let pipe = try Pair.pipe()
    try logger(pipe.near).log(
      .info, "a\nPRIORITY=0",
      [
        LogField("note", "b\nMESSAGE_ID=x\u{0}"), LogField("message", "c"),
        LogField("priority", "0"), LogField("_uid", "0"), LogField("größe", "1"),
        LogField("note", "again"),
      ])
    let entry = try #require(try journal.entry())
    #expect(
      entry.map { $0.prefix { $0 != "=" } }
        == ["PRIORITY", "SYSLOG_IDENTIFIER", "NOTE", "MESSAGE"])
    #expect(entry[0] == "PRIORITY=6")
    #expect(entry[2] == "NOTE=b\\nMESSAGE_ID=x\\u0000")
  }

  @Test func `while the journal is away, lines go where they went before`() throws {
    let pipe = try Pair.pipe()
    let logger = try logger(pipe.near)
    logger.log(.warning, "one", [LogField("code", "x")])
    #expect(available(pipe.far) == "<4>one code=x\n")
    let journal = try JournalSocket(scratch("journal"))
    logger.log(.warning, "two")
    #expect(try journal.entry()?.last == "MESSAGE=two")
    journal.close()
    logger.log(.warning, "three")
    #expect(available(pipe.far) == "<4>three\n")
    #expect(logger.dropped == 0)
  }

  @Test func `a journal that does not read is not waited for, and the loss is told`() throws {
    let journal = try JournalSocket(scratch("journal"))
    let pipe = try Pair.pipe()
    let logger = try logger(pipe.near)
    let total = 5_000
    let padding = String(repeating: "x", count: 200)
    for number in 0..<total { logger.log(.info, "\(number) \(padding)") }
    var received: [String] = []
    while let entry = try journal.entry() {
      received.append(entry.last ?? "")
      logger.flush()
    }
    #expect(logger.dropped > 0)
    #expect(
      received.popLast()
        == "MESSAGE=log lines were lost because nobody read them in time lines=\(logger.dropped)")
    #expect(received.count == total - logger.dropped)
    #expect(received == (0..<received.count).map { "MESSAGE=\($0) \(padding)" })
    #expect(!logger.hasBacklog && available(pipe.far) == "")
    logger.log(.info, "after")
    #expect(try journal.entry()?.last == "MESSAGE=after")
  }

  @Test func `the longest line fits a datagram`() throws {
    let journal = try JournalSocket(scratch("journal"))
    let pipe = try Pair.pipe()
    let long = String(repeating: "ä", count: 100_000)
    try logger(pipe.near).log(.info, long, (0..<40).map { LogField("field\($0)", long) })
    #expect(try journal.entry()?.last?.hasPrefix("MESSAGE=ää") ?? false)
  }

  @Test(arguments: [
    ("0::/system.slice/mexc-signald.service\n", "mexc-signald"),
    (
      "0::/system.slice/system-mexc\\x2dsignald.slice/mexc-signald@second.service\n",
      "mexc-signald-second"
    ),
    ("0::/user.slice/user-1000.slice/session-1.scope\n", nil),
    ("0::/system.slice/cron.service\n", nil),
    ("", nil),
  ])
  func `the service's name is its control group's`(text: String, name: String?) {
    #expect(ServiceName.of(controlGroup: text) == name)
  }
}

/// A datagram socket in the journal's place.
private final class JournalSocket {
  private let path: String
  private var number: CInt

  init(_ path: String) throws {
    self.path = path
    let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    number = socket(AF_UNIX, kind, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(number, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw Unusable("bind: errno \(errno)") }
  }

  deinit { close() }

  func close() {
    guard number >= 0 else { return }
    Glibc.close(number)
    unsafe unlink(path)
    number = -1
  }

  /// The fields of the next entry; nil when there is none.
  func entry() throws -> [String]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    let count = unsafe recv(number, &buffer, buffer.count, 0)
    guard count >= 0 else {
      guard errno == EAGAIN else { throw Unusable("recv: errno \(errno)") }
      return nil
    }
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    guard text.hasSuffix("\n") else { throw Unusable("no whole entry: \(text)") }
    return text.split(separator: "\n").map(String.init)
  }
}
