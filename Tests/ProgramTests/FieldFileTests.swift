import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// Files as people and their programs write them.
struct FieldFileTests {
  private static let text = Wish("a").text
  /// A pause that is long beside a quiet time of one second.
  private static let longPause = Duration.seconds(3)

  private func daemon(
    _ market: SimulatedMarket, bare: Bool = false, quiet: JSONValue? = nil
  ) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(market)
    if bare { daemon.giveUpRights() }
    if let quiet { daemon.settings["intake.quiet_seconds"] = quiet }
    try daemon.start()
    try daemon.waitForTrading()
    return daemon
  }

  private func expectFilled(
    _ name: String, _ daemon: DaemonUnderTest, at market: SimulatedMarket
  ) throws {
    let outcome = try daemon.waitForOutcome(name)
    #expect(outcome.status == "filled", "\(outcome.report)")
    #expect(outcome.folder == "done")
    #expect(try daemon.names(in: "rejected") == [])
    #expect(try daemon.names(in: "incoming") == [])
    #expect(try market.ledger().placements == 1)
  }

  // MARK: Written in place

  /// By the kernel's word, and without the right to ask for it: then by what was seen of the file.
  @Test(arguments: [false, true])
  func `a slow upload is not judged while it is open`(_ isBare: Bool) throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, bare: isBare, quiet: 1)
    let file = try OpenFile(daemon.spool("incoming/a.json"))
    if isBare && geteuid() == 0 { try file.giveAway(to: DaemonUnderTest.stranger) }
    try file.write(Self.text.prefix(30))
    try daemon.pass(Self.longPause)
    // Whole, and not closed.
    try file.write(Self.text.dropFirst(30))
    try daemon.pass(Self.longPause)
    #expect(try daemon.names(in: "incoming") == ["a.json"])
    #expect(try daemon.names(in: "rejected") == [])
    file.close()
    try expectFilled("a.json", daemon, at: market)
  }

  @Test func `a byte now and then`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, quiet: 1)
    let file = try OpenFile(daemon.spool("incoming/a.json"))
    let bytes = Array(Self.text)
    for index in stride(from: 0, to: bytes.count, by: 16) {
      try file.write(String(bytes[index..<min(index + 16, bytes.count)]))
      try daemon.pass(.milliseconds(400))
    }
    file.close()
    try expectFilled("a.json", daemon, at: market)
  }

  /// What was open before the start is known by the kernel's word alone.
  @Test func `an upload that began before the start`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["intake.quiet_seconds"] = 1 }
    try FileManager.default.createDirectory(
      atPath: daemon.spool("incoming"), withIntermediateDirectories: true)
    let file = try OpenFile(daemon.spool("incoming/a.json"))
    try file.write(Self.text.prefix(30))
    try daemon.start()
    try daemon.pass(Self.longPause)
    #expect(try daemon.names(in: "rejected") == [])
    try file.write(Self.text.dropFirst(30))
    file.close()
    try expectFilled("a.json", daemon, at: market)
  }

  @Test func `created empty, closed and opened again`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, quiet: 1)
    try OpenFile(daemon.spool("incoming/a.json")).close()
    try daemon.pass(Self.longPause)
    #expect(try daemon.names(in: "incoming") == ["a.json"])
    let file = try OpenFile(daemon.spool("incoming/a.json"), 0)
    try file.write(Self.text)
    file.close()
    try expectFilled("a.json", daemon, at: market)
  }

  /// One command makes it, others add to it: every close but the last leaves half of a signal.
  @Test func `written in several steps`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    let path = daemon.spool("incoming/a.json")
    for part in [Self.text.prefix(20), Self.text.dropFirst(20).prefix(20), Self.text.dropFirst(40)]
    {
      let file = try OpenFile(path, O_CREAT | O_APPEND)
      try file.write(part)
      file.close()
      try daemon.pass(.milliseconds(500))
    }
    try expectFilled("a.json", daemon, at: market)
  }

  /// Many write through a buffer and rename before they close it.
  @Test func `renamed in before the last bytes are written`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market)
    let file = try OpenFile(daemon.spool("incoming/.a.json"))
    try file.write(Self.text.prefix(30))
    try RawFiles.rename(
      Array(daemon.spool("incoming/.a.json").utf8), to: Array(daemon.spool("incoming/a.json").utf8))
    try daemon.pass(.milliseconds(700))
    try file.write(Self.text.dropFirst(30))
    file.close()
    try expectFilled("a.json", daemon, at: market)
  }

  @Test(arguments: [
    "cp source.json incoming/a.json", "cp -p source.json incoming/a.json",
    "install -m 0640 source.json incoming/a.json", "cat source.json > incoming/a.json",
    "ln source.json incoming/a.json; rm source.json", "mv source.json incoming/a.json",
    "touch incoming/a.json; sleep 0.3; cat source.json >> incoming/a.json",
    "dd if=source.json of=incoming/a.json bs=1 status=none",
    "(head -c 40 source.json; sleep 1.2; tail -c +41 source.json) > incoming/a.json",
    // As vim saves: it tries whether it may write, and keeps a backup until the end.
    "touch incoming/4913; rm incoming/4913; cp source.json incoming/a.json~; "
      + "cat source.json > incoming/a.json; rm incoming/a.json~",
    // As rsync, and as editors that save beside and rename.
    "cp source.json incoming/.a.json.Xy12Ab; mv incoming/.a.json.Xy12Ab incoming/a.json",
  ])
  func `what shells do`(_ command: String) throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, quiet: 1)
    try daemon.scratch.write("spool/source.json", Self.text, mode: 0o644)
    let shell = try ChildProcess(
      "/bin/sh", ["-c", "cd \(daemon.spool("")) && " + command],
      environment: ["PATH": "/usr/bin:/bin"])
    #expect(try shell.waitForEnd() == .exited(0))
    try expectFilled("a.json", daemon, at: market)
  }

  /// The mode comes after the close: a race that nobody may lose.
  @Test func `install by another member of the group`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + SimulatedMarket.roomy)
    let daemon = try daemon(market, bare: true)
    try daemon.scratch.write("spool/source", "", mode: 0o644)
    var names: [String] = []
    for index in 0..<8 {
      let name = "i\(index).json"
      names.append(name)
      try daemon.setMode(daemon.scratch.path, 0o755)
      try daemon.scratch.write("source.json", Wish("i\(index)").text, mode: 0o644)
      let install = [
        "/usr/bin/install", "-m", "0640", daemon.scratch("source.json"),
        daemon.spool("incoming/" + name),
      ]
      let member =
        geteuid() == 0
        ? [
          "/usr/bin/setpriv", "--reuid=\(DaemonUnderTest.stranger)", "--regid=\(getegid())",
          "--clear-groups",
        ] : []
      let command = member + install
      let process = try ChildProcess(command[0], Array(command.dropFirst()))
      #expect(try process.waitForEnd() == .exited(0), "\(process.tail)")
    }
    for name in names { #expect(try daemon.waitForOutcome(name).status == "filled") }
    #expect(try daemon.names(in: "rejected") == [])
  }

  /// What is no signal is refused when nothing has changed for the quiet time, and not before.
  @Test(arguments: [1, 3])
  func `quiet time`(_ seconds: Int64) throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, quiet: .integer(seconds))
    let start = Clock.monotonic()
    try daemon.scratch.write("spool/incoming/half.json", String(Self.text.prefix(30)))
    #expect(try daemon.waitForOutcome("half.json").code == "invalid_json")
    // Clocks of files tick in steps of some milliseconds.
    #expect(Clock.monotonic().since(start) > .seconds(seconds) - .milliseconds(20))
    // Who renames a file in has finished it: that is judged at once.
    try daemon.drop("wrong.json", "nonsense")
    let line = try daemon.process.line(with: "refused:", "file=wrong.json")
    #expect(line.contains("invalid_json"), "\(line)")
    try daemon.drop("empty.json", "")
    let outcome = try daemon.waitForOutcome("empty.json")
    #expect(outcome.code == "invalid_json")
    #expect(outcome.report["message"] == "There is nothing in it.")
  }

  // MARK: Names

  @Test(arguments: [
    "a.json.4a5b6c7d.partial", "a.json.filepart", "a.json.part", "a.json.crdownload", "a.json.tmp",
    ".a.json.Xy12Ab", "tmpab12cd34", "a.json.sb-1a2b3c4d-Zz9Yy8", "#a.json#", "a.json.inprogress",
    "a.json.tmp.4711", "a.json.PART",
  ])
  func `a temporary name is left alone`(_ name: String) throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, quiet: 1)
    try daemon.scratch.write("spool/incoming/" + name, Self.text)
    try daemon.pass(.milliseconds(1_700))
    #expect(try daemon.names(in: "incoming") == [name])
    try RawFiles.rename(
      Array(daemon.spool("incoming/" + name).utf8), to: Array(daemon.spool("incoming/a.json").utf8))
    try expectFilled("a.json", daemon, at: market)
  }

  /// Names are bytes: a signal is as good under any of them.
  @Test func `odd names are names`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + SimulatedMarket.roomy)
    let daemon = try daemon(market)
    let names: [[UInt8]] = [
      Array("with space.json".utf8), Array("new\nline.json".utf8), Array("quote\"'.json".utf8),
      Array("-rf.json".utf8), [0xFF, 0xFE, 0x80], [UInt8](repeating: UInt8(ascii: "l"), count: 255),
    ]
    for (index, name) in names.enumerated() {
      try daemon.drop(name, Array(Wish("odd\(index)").text.utf8))
    }
    for name in names.dropLast() {
      #expect(try daemon.waitForOutcome(name).status == "filled")
    }
    // Its report has a name that is cut to fit.
    try daemon.until("the longest name being done") { () throws -> Bool? in
      RawFiles.exists(Array(daemon.spool("done/").utf8) + names[names.count - 1]) ? true : nil
    }
    #expect(try market.ledger().orders.count == names.count)
  }

  // MARK: Modes and owners

  @Test func `a mode that is put right a moment later`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, bare: true)
    let staged = daemon.spool("incoming/.a.json")
    try RawFiles.write(Array(staged.utf8), Array(Self.text.utf8))
    try daemon.makeUnreadable(staged)
    let path = daemon.spool("incoming/a.json")
    try RawFiles.rename(Array(staged.utf8), to: Array(path.utf8))
    try daemon.pass(.milliseconds(1_200))
    #expect(try daemon.names(in: "incoming") == ["a.json"])
    try daemon.setMode(path, 0o644)
    try expectFilled("a.json", daemon, at: market)
  }

  @Test func `a mode that is never put right`() throws {
    let market = try SimulatedMarket()
    let daemon = try daemon(market, bare: true, quiet: 1)
    let staged = daemon.spool("incoming/.a b.json")
    try RawFiles.write(Array(staged.utf8), Array(Self.text.utf8))
    let mode = try daemon.makeUnreadable(staged)
    try RawFiles.rename(
      Array(staged.utf8), to: Array(daemon.spool("incoming/a b.json").utf8))
    let outcome = try daemon.waitForOutcome("a b.json")
    #expect(outcome.folder == "rejected")
    #expect(outcome.code == "unreadable_file")
    let message = try #require(outcome.report["message"]?.stringValue)
    let owner = geteuid() == 0 ? DaemonUnderTest.stranger : geteuid()
    for word in ["a b.json", mode, "uid \(owner)", "gid", "0640"] {
      #expect(message.contains(word), "\(message)")
    }
    #expect(!message.contains("incoming:"), "\(message)")
    #expect(try market.ledger().placements == 0)
  }

  // MARK: No inotify

  @Test func `without inotify it looks around every second`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market) { $0["intake.quiet_seconds"] = 1 }
    // In a name space of its own, whose limit concerns nobody else.
    daemon.launcher = ["/usr/bin/unshare", "--user", "--map-root-user"]
    let limit = "/proc/sys/user/max_inotify_instances"
    daemon.preparation = "echo 0 > \(limit)"
    try daemon.start()
    let line = try daemon.process.line(with: "level=warning", "inotify cannot be used")
    for words in [
      "inotify_init1: Too many open files", "every second", "fs.inotify.max_user_instances",
    ] {
      #expect(line.contains(words), "\(line)")
    }
    try daemon.waitForTrading()
    try daemon.drop("a.json", Self.text)
    try expectFilled("a.json", daemon, at: market)
    // In place, and slow: the kernel says who has it open.
    let file = try OpenFile(daemon.spool("incoming/b.json"))
    let text = Wish("b").text
    try file.write(text.prefix(30))
    try daemon.pass(Self.longPause)
    #expect(try daemon.names(in: "incoming") == ["b.json"])
    try file.write(text.dropFirst(30))
    file.close()
    #expect(try daemon.waitForOutcome("b.json").status == "filled")

    let pid = try daemon.process.pid
    let shell = try ChildProcess(
      "/usr/bin/nsenter",
      [
        "--user", "--preserve-credentials", "--target", String(pid), "/bin/sh", "-c",
        "echo 10 > \(limit)",
      ])
    #expect(try shell.waitForEnd() == .exited(0))
    try daemon.process.line(with: "level=info", "inotify can be used again")
    try daemon.drop("c.json", Wish("c").text)
    #expect(try daemon.waitForOutcome("c.json").status == "filled")
    #expect(daemon.journal.count { $0.contains("inotify") } == 2)
    #expect(try daemon.stop() == .exited(0))
  }

  // MARK: Links

  @Test func `a spool may be a link and incoming may not`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let manager = FileManager.default
    for name in ["real", "elsewhere"] {
      try manager.createDirectory(
        atPath: daemon.scratch(name), withIntermediateDirectories: false)
    }
    try manager.createSymbolicLink(
      atPath: daemon.scratch("spool"), withDestinationPath: daemon.scratch("real"))
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.drop("a.json", Self.text)
    try expectFilled("a.json", daemon, at: market)
    #expect(try daemon.stop() == .exited(0))

    try manager.removeItem(atPath: daemon.scratch("real/incoming"))
    try manager.createSymbolicLink(
      atPath: daemon.scratch("real/incoming"), withDestinationPath: daemon.scratch("elsewhere"))
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(with: "incoming is a symbolic link, which is not followed")
  }

  // MARK: Nothing is lost

  /// A flood of files of every kind while the daemon is killed: each has its answer in the end.
  @Test func `files of every kind over a kill`() throws {
    let market = try SimulatedMarket(SimulatedMarket.silent + SimulatedMarket.roomy)
    let daemon = try daemon(market, quiet: 1)
    // Nobody tells a price, and no order leaves before the kill, so that none is lost on its way.
    try market.faults(
      """
      {"route": "GET /api/v3/ticker/price", "fault": "error_before", "status": 503}
      """)
    var names: [String] = []
    for index in 0..<60 {
      let name = "f\(index).json"
      names.append(name)
      let text = Wish("f\(index)").text
      switch index % 3 {
      case 0: try daemon.drop(name, text)
      case 1: try daemon.scratch.write("spool/incoming/" + name, text, mode: 0o644)
      default:
        let file = try OpenFile(daemon.spool("incoming/" + name))
        try file.write(text.prefix(25))
        try file.write(text.dropFirst(25))
        file.close()
      }
      if index == 30 {
        try daemon.kill9()
        try daemon.start()
      }
    }
    try market.faults()
    for name in names { #expect(try daemon.waitForOutcome(name).status == "filled", "\(name)") }
    #expect(try market.ledger().orders.count == names.count)
    #expect(try daemon.names(in: "active") == [])
    #expect(try daemon.names(in: "incoming") == [])
    #expect(try daemon.names(in: "rejected") == [])
  }
}
