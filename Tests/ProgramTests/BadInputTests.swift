import Domain
import Foundation
import JSON
import Platform
import TestKit
import Testing

/// Whatever is thrown at the daemon gets its code, and leaves nothing behind.
@Suite(.serialized)
struct BadInputTests {
  @Test
  func `a hundred kinds of bad input leak nothing`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(BadInput.texts.count >= 100)

    let before = try descriptorsAtRest(daemon)
    try feed(daemon, round: 1)
    try feedOddNames(daemon)
    try takesAGoodSignal(daemon, "good-1")
    try returnsTo(before, daemon)
    let readings = ProcessReadings(pid: try daemon.process.pid)
    let resident = try readings.residentKibibytes
    try feed(daemon, round: 2)
    try feed(daemon, round: 3)
    try takesAGoodSignal(daemon, "good-2")
    try returnsTo(before, daemon)
    // A page here or there is the allocator's; a leak of the texts of two rounds would be more.
    #expect(try readings.residentKibibytes - resident < 4_096)

    #expect(try market.ledger().orders.count == 2)
    #expect(try daemon.names(in: "incoming") == [])
    #expect(try daemon.names(in: "active") == [])
    #expect(try daemon.stop() == .exited(0))
  }

  /// What the process holds open, its connections to the exchange not counted: they come and go.
  private func descriptors(_ daemon: DaemonUnderTest) throws -> Int64 {
    let status = try daemon.status()
    let connections = ["idle", "busy", "connecting"].compactMap {
      status["connections"]?[$0]?.integerValue
    }
    guard let open = status["open_descriptors"]?.integerValue, connections.count == 3 else {
      throw Unusable("no descriptors in \(status)")
    }
    return open - connections.reduce(0, +)
  }

  /// The fewest of many readings: a file that the store is just writing is open for a moment.
  private func descriptorsAtRest(_ daemon: DaemonUnderTest) throws -> Int64 {
    try #require(try (0..<20).map { _ in try descriptors(daemon) }.min())
  }

  /// Clients have closed their ends; the daemon hears of it with its next turns.
  private func returnsTo(_ count: Int64, _ daemon: DaemonUnderTest) throws {
    try daemon.until(
      "at most \(count) open descriptors", holds: { try descriptors(daemon) <= count })
  }

  private func takesAGoodSignal(_ daemon: DaemonUnderTest, _ id: String) throws {
    #expect(try daemon.submit(Wish(id).text)["code"] == "accepted")
    try daemon.waitForOrder(id, "filled")
  }

  // MARK: Texts

  private func feed(_ daemon: DaemonUnderTest, round: Int) throws {
    let client = try daemon.connect()
    for text in BadInput.texts {
      try client.send(text.bytes)
      let answer = try client.answer()
      #expect(answer["code"]?.stringValue == text.code, "\(text.name): \(answer)")
      #expect(answer["status"] == "rejected", "\(text.name)")
      #expect(answer["message"]?.stringValue?.isEmpty == false, "\(text.name)")
    }
    // Ten megabytes in one line, and the connection goes on.
    try client.send([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20))
    #expect(try client.answer()["code"] == "too_large")
    try client.send([])
    #expect(try client.ask("{}")["code"] == "invalid_field")
    // A client that goes away in the middle of a line.
    _ = try HalfClient(daemon.scratch("signal.sock"), saying: "{\"id\": ")

    for (index, text) in BadInput.texts.enumerated() {
      try daemon.drop("\(round)-\(index).json", text.bytes)
    }
    try daemon.drop("\(round)-empty.json", "")
    try daemon.drop("\(round)-large.json", [UInt8](repeating: 0x20, count: 10 << 20))
    for (index, text) in BadInput.texts.enumerated() {
      try expect(text.code, of: "\(round)-\(index).json", daemon, text.name)
    }
    try expect("invalid_json", of: "\(round)-empty.json", daemon, "empty")
    try expect("too_large", of: "\(round)-large.json", daemon, "large")
  }

  private func expect(
    _ code: String, of name: String, _ daemon: DaemonUnderTest, _ what: String
  ) throws {
    let outcome = try daemon.waitForOutcome(name)
    #expect(outcome.folder == "rejected", "\(what)")
    #expect(outcome.code == code, "\(what): \(outcome.report)")
  }

  // MARK: Names

  /// Names are bytes: whatever they are, a good signal under them is done and a bad one is not, and
  /// no line of the journal breaks.
  private func feedOddNames(_ daemon: DaemonUnderTest) throws {
    let names: [[UInt8]] = [
      Array("with\nline end.json".utf8), Array("with\u{1B}[31mred.json".utf8),
      Array("msg=\"x\" level=error".utf8), [0xFF, 0xFE, 0x80], Array("-rf".utf8),
      Array("ünïcödé.json".utf8), Array("right\u{202E}left.json".utf8),
      Array(String(repeating: "l", count: 240).utf8), Array("no ending".utf8),
      Array("a.json.result.json".utf8), Array("%s%n.json".utf8), Array("`reboot`;.json".utf8),
    ]
    for name in names { try daemon.drop(name, Array("{}".utf8)) }
    for name in names {
      let outcome = try daemon.waitForOutcome(name)
      #expect(outcome.code == "invalid_field")
    }
    for line in daemon.journal {
      #expect(line.hasPrefix("time=2"), "\(line)")
      let isPrintable = line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E }
      #expect(isPrintable, "\(line)")
    }
  }

  // MARK: What is no file

  @Test
  func `what is no regular file is refused unread`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let manager = FileManager.default
    let outside = try daemon.scratch.write("outside.json", Wish("outside").text)
    let incoming = { (name: String) in daemon.spool("incoming/" + name) }

    try manager.createSymbolicLink(atPath: incoming("link.json"), withDestinationPath: outside)
    try manager.createSymbolicLink(
      atPath: incoming("dangling.json"), withDestinationPath: "/nonexistent")
    try manager.createSymbolicLink(
      atPath: incoming("device.json"), withDestinationPath: "/dev/zero")
    try manager.createSymbolicLink(atPath: incoming("self.json"), withDestinationPath: "self.json")
    try manager.createDirectory(atPath: incoming("folder.json"), withIntermediateDirectories: false)
    try daemon.scratch.write("spool/incoming/folder.json/inner.json", Wish("inner").text)
    try RawFiles.makePipe(incoming("pipe.json"))
    let listener = try UnixListener(path: incoming("socket.json"), mode: 0o600)
    try manager.linkItem(atPath: outside, toPath: incoming("hard.json"))

    for name in [
      "link.json", "dangling.json", "device.json", "self.json", "folder.json", "pipe.json",
      "socket.json", "hard.json",
    ] {
      let outcome = try daemon.until("an outcome of \(name)") {
        () throws -> DaemonUnderTest.SpoolOutcome? in
        try refusal(name, daemon)
      }
      #expect(outcome.code == "unreadable_file", "\(name): \(outcome.report)")
    }
    withExtendedLifetime(listener) {}
    // The file that links led to is as it was.
    #expect(try String(contentsOfFile: outside, encoding: .utf8) == Wish("outside").text)
    #expect(try daemon.submit(Wish("good").text)["code"] == "accepted")
    try daemon.waitForOrder("good", "filled")
    #expect(try market.ledger().orders.count == 1)
    #expect(try daemon.names(in: "incoming") == [])
  }

  /// The report of something that may be no file itself.
  private func refusal(
    _ name: String, _ daemon: DaemonUnderTest
  ) throws -> DaemonUnderTest.SpoolOutcome? {
    let path = daemon.spool("rejected/" + name)
    guard RawFiles.exists(Array(path.utf8)),
      let report = RawFiles.read(Array((path + ".reason.json").utf8))
    else { return nil }
    return .init(folder: "rejected", report: try JSONReader.read(report))
  }

  /// What producers have in the making is left alone for as long as it has such a name.
  @Test
  func `unfinished names are left alone`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let names = [".hidden.json", "a.json.tmp", "b.part", "c.swp", "d.json~"]
    for name in names { try daemon.scratch.write("spool/incoming/" + name, Wish("x").text) }
    try daemon.drop("z.json", Wish("z").text)
    #expect(try daemon.waitForOutcome("z.json").status == "filled")
    #expect(try daemon.names(in: "incoming") == names.sorted())
    // Written in place and closed, without a rename.
    try daemon.scratch.write("spool/incoming/in-place.json", Wish("in-place").text)
    #expect(try daemon.waitForOutcome("in-place.json").status == "filled")
    #expect(try market.ledger().orders.count == 2)
  }

  /// Silent clients, half lines, clients that never read; and one that wants an order.
  @Test
  func `slow clients harm nobody`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    let path = daemon.scratch("signal.sock")
    let silent = try (0..<40).map { _ in try daemon.connect() }
    let half = try HalfClient(path, saying: "{\"id\": \"half\"")
    // Thousands of answers, none of them read.
    let deaf = try HalfClient(path, saying: String(repeating: "{}\n", count: 20_000))
    let good = try daemon.connect()
    #expect(try good.ask(Wish("good").text)["code"] == "accepted")
    try daemon.waitForOrder("good", "filled")
    withExtendedLifetime(silent) {}
    _ = consume half
    _ = consume deaf
  }
}
