import Domain
import Foundation
import Glibc
import JSON
import Platform
import SimulatedExchange
import TestKit
import Testing

/// How people and service managers call the programs, and what the programs say to them.
struct FieldProgramTests {
  private struct Run {
    let ending: ChildProcess.Ending
    let output: String
    let errors: [String]
  }

  private func run(
    _ program: String, _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> Run {
    let process = try ChildProcess(program, arguments, environment: environment)
    return Run(
      ending: try process.waitForEnd(), output: process.output, errors: process.lines)
  }

  // MARK: Arguments

  /// A mount namespace of one's own.
  private static let ownMounts = geteuid() == 0 ? ["-m"] : ["--user", "--map-root-user", "-m"]
  /// Hides /proc.
  private static let hidden = [
    "/bin/sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\"",
  ]

  /// As `InaccessiblePaths=/proc` does.
  @Test
  func `arguments need no proc`() throws {
    let scratch = try Scratch()
    let settings = Settings.live("http://127.0.0.1:9", in: scratch)
    let path = try scratch.write("config.json5", settings.text)
    let hidden = Self.ownMounts + Self.hidden
    let daemon = try BuiltProgram.daemon.path
    let version = try run("/usr/bin/unshare", hidden + [daemon, "--version"])
    #expect(version.ending == .exited(0), "\(version.errors)")
    #expect(version.output == "mexc-signald \(Version.text)\n")
    let check = try run(
      "/usr/bin/unshare", hidden + [daemon, "--config", path, "--check-config"])
    #expect(check.ending == .exited(0), "\(check.errors)")
    #expect(try JSONReader.read(Array(check.output.utf8))["mode"] == "live")
    #expect(try scratch.files().map(\.path) == [path])
    let nothing = try run("/usr/bin/unshare", hidden + [daemon])
    #expect(nothing.ending == .exited(2))
    let control = try run(
      "/usr/bin/unshare", hidden + [BuiltProgram.control.path, "--version"])
    #expect(control.output == "mexc-signalctl \(Version.text)\n")
  }

  /// A script that exports into a full disk must hear of it.
  @Test(arguments: [
    BuiltProgram.control, .daemon, .simulator, .console, .bench, .simulation,
  ])
  func `what cannot be printed has failed`(program: BuiltProgram) throws {
    let help = "\"$0\" --help >/dev/full"
    let full = try run("/bin/sh", ["-c", help, program.path])
    #expect(full.ending == .exited(1))
    #expect(full.errors.last?.contains("No space left on device") == true, "\(full.errors)")
  }

  @Test
  func `a preloaded library hides no arguments`() throws {
    let scratch = try Scratch()
    let library = scratch("set-variable.so")
    try PreloadedLibrary.compile("set-variable.c", to: library)
    let preloaded = ["LD_PRELOAD": library]
    let version = try run(BuiltProgram.daemon.path, ["--version"], preloaded)
    #expect(version.output == "mexc-signald \(Version.text)\n")
    #expect(try run(BuiltProgram.daemon.path, [], preloaded).ending == .exited(2))
  }

  /// A program that is told nothing does nothing: it says so in one line.
  @Test(arguments: [
    BuiltProgram.daemon, .control, .simulator, .bench, .simulation,
  ])
  func `an empty list of arguments is wrong usage`(_ program: BuiltProgram) throws {
    for arguments in [[], ["--fly"], ["--fly", "--config"]] {
      let run = try run(program.path, arguments)
      #expect(run.ending == .exited(2), "\(program) \(arguments)")
      #expect(run.output.isEmpty)
      let line = try #require(run.errors.first)
      #expect(run.errors.count == 1, "\(run.errors)")
      #expect(line.hasPrefix("\(program.rawValue): "), "\(line)")
      #expect(line.hasSuffix("see '\(program.rawValue) --help'"), "\(line)")
      if arguments.contains("--fly") { #expect(line.contains("'--fly'"), "\(line)") }
    }
    let help = try run(program.path, ["--help"])
    #expect(help.ending == .exited(0))
    #expect(help.output.contains(program.rawValue))
  }

  @Test(arguments: [BuiltProgram.daemon, .control, .simulator, .console])
  func `every program has a manual page of what its help says`(_ program: BuiltProgram) throws {
    let page = try run(program.path, ["--manual"])
    #expect(page.ending == .exited(0) && page.errors.isEmpty)
    #expect(page.output.hasPrefix(".TH \(program.rawValue.uppercased()) "))
    let text = page.output.replacing("\\-", with: "-")
    let help = try run(program.path, ["--help"]).output
    for option in help.matches(of: /\n  +(--[a-z-]+)/) {
      #expect(text.contains(option.1), "\(option.1)")
    }
  }

  @Test
  func `an unknown command names itself`() throws {
    let control = try BuiltProgram.control.path
    #expect(
      try run(control, ["frobnicate"]).errors
        == ["mexc-signalctl: unknown command 'frobnicate'; see 'mexc-signalctl --help'"])
    #expect(
      try run(control, ["statsu"]).errors == [
        "mexc-signalctl: unknown command 'statsu'; did you mean 'status'? Else see "
          + "'mexc-signalctl --help'"
      ])
    // What may be a key that was pasted in the wrong place is not repeated.
    let key = try run(control, [SimulatorConfiguration.demoKey])
    #expect(key.errors == ["mexc-signalctl: unknown command; see 'mexc-signalctl --help'"])
  }

  // MARK: The check

  @Test
  func `the check and the start find the same`() throws {
    let scratch = try Scratch()
    var settings = Settings.live("http://127.0.0.1:9", in: scratch)
    settings["exchange.ca_file"] = .string(scratch("none.pem"))
    settings["store.path"] = .string(scratch("none/state.db"))
    settings["intake.directory"] = .string(try scratch.write("blocked", ""))
    settings["intake.socket_mode"] = "0666"
    let path = try scratch.write("config.json5", settings.text)
    let daemon = try BuiltProgram.daemon.path
    let check = try run(daemon, ["--config", path, "--check-config", "--quiet"])
    #expect(check.ending == .exited(78))
    #expect(check.output.isEmpty)
    let violations = check.errors.filter { !$0.contains("warning: ") }
    for key in ["exchange.ca_file", "store.path", "intake.directory"] {
      #expect(violations.contains { $0.hasPrefix(path + ":") && $0.contains(key) }, "\(key)")
    }
    #expect(violations.count == 3, "\(violations)")
    #expect(check.errors.contains { $0.contains("intake.socket_mode: warning: every user") })
    let start = try run(daemon, ["--config", path])
    #expect(start.ending == .exited(78))
    #expect(start.errors == violations)
    #expect(try scratch.files().map(\.path) == [scratch("blocked"), path])
  }

  /// Another user's folders, asked as a user without rights in them.
  @Test
  func `places of another user are found`() throws {
    let scratch = try Scratch()
    let settings = Settings.live("http://127.0.0.1:9", in: scratch)
    let path = try scratch.write("config.json5", settings.text, mode: 0o644)
    try FileManager.default.createDirectory(
      atPath: scratch("spool"), withIntermediateDirectories: false)
    let manager = FileManager.default
    for folder in ["", "spool"] {
      try manager.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scratch(folder))
    }
    // Root may write everywhere: the check runs as nobody.
    let check = try Stranger.run(
      [BuiltProgram.daemon.path, "--config", path, "--check-config", "--quiet"])
    #expect(try check.waitForEnd() == .exited(78))
    let place = scratch.path
    let expected = [
      ("store.path", place), ("intake.directory", scratch("spool")), ("intake.socket", place),
      ("control.socket", place),
    ]
    for (key, folder) in expected {
      let line = try check.line(with: "\(key): \(folder) cannot be written by the user")
      #expect(line.contains("Permission denied"), "\(line)")
    }
    try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path)
  }

  /// As ProtectSystem=strict makes everything that the unit does not name, for root too.
  @Test
  func `a sandbox without the store is found`() throws {
    let scratch = try Scratch()
    let settings = Settings.live("http://127.0.0.1:9", in: scratch)
    let path = try scratch.write("config.json5", settings.text)
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\""
    let daemon = try BuiltProgram.daemon.path
    for arguments in [["--config", path, "--check-config", "--quiet"], ["--config", path]] {
      let check = try run(
        "/usr/bin/unshare",
        Self.ownMounts + ["/bin/sh", "-c", script, scratch.path, daemon] + arguments,
        ["PATH": "/usr/bin:/bin"])
      #expect(check.ending == .exited(78), "\(check.errors)")
      let line = check.errors.first { $0.contains("store.path") }
      #expect(line?.contains("Read-only file system") == true, "\(check.errors)")
      #expect(line?.contains("ReadWritePaths=") == true, "\(check.errors)")
    }
  }

  /// As the kernel makes a file system whose disk has failed: the next start may find it mended.
  @Test func `a file system that is read-only as a whole is no wrong configuration`() throws {
    let scratch = try Scratch()
    try scratch.folder("disk")
    var settings = Settings.live("http://127.0.0.1:9", in: scratch)
    settings["store.path"] = .string(scratch("disk/state.db"))
    settings["intake.directory"] = .string(scratch("disk/spool"))
    let path = try scratch.write("config.json5", settings.text)
    let script =
      "mount -t tmpfs tmpfs \"$0\" && mount -o remount,ro tmpfs \"$0\" && exec \"$@\""
    let daemon = try BuiltProgram.daemon.path
    for (arguments, status) in [(["--check-config", "--quiet"], 78), ([], 1)] as [([String], Int32)]
    {
      let run = try run(
        "/usr/bin/unshare",
        Self.ownMounts + ["/bin/sh", "-c", script, scratch("disk"), daemon, "--config", path]
          + arguments,
        ["PATH": "/usr/bin:/bin"])
      #expect(run.ending == .exited(status), "\(run.errors)")
      for key in ["store.path", "intake.directory"] {
        let line = run.errors.first { $0.contains(key) }
        #expect(line?.contains("Read-only file system") == true, "\(run.errors)")
        #expect(line?.contains("ReadWritePaths=") == false, "\(run.errors)")
      }
      let isTold = run.errors.contains { $0.contains("systemd starts the service again") }
      #expect(isTold == (status == 1), "\(run.errors)")
    }
  }

  // MARK: The journal

  /// systemd reads the priority from the start of a line where the journal is behind it.
  @Test
  func `every line has its priority in the journal`() throws {
    let scratch = try Scratch()
    let bad = try scratch.write("bad.json5", "{\n  mode: \"fast\",\n}")
    let daemon = try BuiltProgram.daemon.path
    for arguments in [["--config", bad], ["--config", bad, "--check-config"], ["--fly"]] {
      let run = try JournalRun.run([daemon] + arguments)
      #expect(!run.isEmpty)
      #expect(run.allSatisfy { $0.hasPrefix("<3>") }, "\(run)")
    }
    var settings = Settings.live("http://127.0.0.1:9", in: scratch)
    settings["intake.socket_mode"] = "0666"
    let open = try scratch.write("open.json5", settings.text)
    let lines = try JournalRun.run([daemon, "--config", open, "--check-config"])
    #expect(lines.contains { $0.hasPrefix("<4>\(open)") && $0.contains("intake.socket_mode") })
    #expect(lines.contains { $0.hasPrefix("<6>credentials") })
    #expect(try run(daemon, ["--config", bad]).errors.allSatisfy { $0.hasPrefix(bad) })
  }

  /// A refusal by a rule is no reason to be woken.
  @Test
  func `ordinary denials are notices`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market) { $0["risk.maximum_order_quote"] = "50" }
    for (id, text, code) in [
      ("large", Wish("large").text, "risk_order_quote"),
      ("far", Wish("far", ["price": "40000"]).text, "price_deviation"),
      ("foreign", Wish("foreign", ["symbol": "KASUSDT"]).text, "symbol_not_allowed"),
      ("broken", #"{"id": "broken"}"#, "invalid_field"),
    ] {
      try daemon.drop("\(id).json", text)
      #expect(try daemon.waitForOutcome("\(id).json").code == code)
      let line = try daemon.process.line(with: "signal_id=\(id)", "code=\(code)")
      #expect(line.contains("level=notice"), "\(line)")
    }
    let loud = try daemon.process.lines.filter {
      $0.contains("level=warning") || $0.contains("level=error")
    }
    #expect(loud.isEmpty, "\(loud)")
  }

  // MARK: The clock

  @Test(arguments: [9_000, -9_000])
  func `a clock that is off is said at the start`(_ offset: Int) throws {
    let market = try SimulatedMarket(
      SimulatedMarket.calm + ["--time-offset-ms", String(offset)])
    let daemon = try DaemonUnderTest.trading(market)
    let line = try daemon.process.line(with: "level=warning", "this machine's clock is")
    #expect(line.contains(offset > 0 ? "behind the exchange's" : "ahead of the exchange's"))
    #expect(line.contains("timedatectl"), "\(line)")
    let told = try #require(line.firstMatch(of: /offset_ms=(-?[0-9]+)/))
    #expect(abs(try #require(Int(told.1)) - offset) < 1_000, "\(line)")
    #expect(try daemon.process.lines.count { $0.contains("this machine's clock is") } == 1)
    let status = try #require(try daemon.status()["clock_offset_ms"]?.integerValue)
    #expect(abs(Int(status) - offset) < 1_000)
  }

  @Test
  func `a clock that is right is not spoken of`() throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--time-offset-ms", "600"])
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.process.lines.allSatisfy { !$0.contains("this machine's clock is") })
  }

  // MARK: The operator's mistakes

  @Test
  func `unknown and finished orders are told apart`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish("done").text)["code"] == "accepted")
    try daemon.waitForOrder("done", "filled")
    #expect(try daemon.submit(Wish("far", ["price": "60000"]).text)["status"] == "accepted")
    try daemon.waitForOrder("far", "denied")
    #expect(
      try daemon.submit(Wish("foreign", ["symbol": "KASUSDT"]).text)["code"]
        == "symbol_not_allowed")
    #expect(try daemon.submit(Wish.resting("rests").text)["code"] == "accepted")
    try daemon.waitForOrder("rests", "open")
    for command in ["cancel", "resolve"] {
      let more = command == "resolve" ? ["--not-placed"] : []
      let said = { (id: String) throws -> String in
        let process = try ChildProcess(
          BuiltProgram.control.path,
          ["--config", daemon.scratch("config.json5"), command, id] + more)
        #expect(try process.waitForEnd() == .exited(1), "\(command) \(id)")
        return process.lines.joined(separator: "\n")
      }
      #expect(try said("nobody").contains("no signal with the id nobody was ever taken"))
      let filled = try said("done")
      #expect(filled.contains("the order of signal done is filled: 0.001 executed at 64000"))
      #expect(try said("far").contains("the order of signal far is denied: "))
      #expect(try said("foreign").contains("signal foreign was refused (symbol_not_allowed)"))
      if command == "resolve" {
        #expect(try said("rests").contains("the exchange has the order of signal rests"))
      }
    }
    let unknown = try daemon.operate("--json", "cancel", "nobody")
    #expect(try JSONReader.read(Array(unknown.output.utf8))["error"]?["code"] == "not_found")
    #expect(
      try daemon.operate("explain", "nobody").errors
        .contains("no signal with the id nobody was ever taken"))
    #expect(try daemon.operate("cancel", "rests").status == 0)
  }

  @Test
  func `a socket that refuses says who may connect`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    // A stranger's config, and the way to the sockets.
    let scratch = daemon.scratch
    let path = try scratch.write("config.json5", daemon.settings.text, mode: 0o644)
    let signal = try scratch.write("signal.json", Wish("a").text, mode: 0o644)
    let manager = FileManager.default
    try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path)
    let control = try BuiltProgram.control.path
    let owner = try #require(
      try manager.attributesOfItem(atPath: scratch("control.sock"))[.ownerAccountName] as? String)
    let owners = owner == "root" ? owner : "\(owner) and root"
    let group = try #require(
      try manager.attributesOfItem(atPath: scratch("signal.sock"))[.groupOwnerAccountName]
        as? String)

    // Neither the owner nor others may connect.
    try manager.setAttributes([.posixPermissions: 0o400], ofItemAtPath: scratch("control.sock"))
    try manager.setAttributes([.posixPermissions: 0o060], ofItemAtPath: scratch("signal.sock"))
    let status = try Stranger.run([control, "--config", path, "status"])
    #expect(try status.waitForEnd() == .exited(1))
    try status.line(with: scratch("control.sock"), "only \(owners) may", "sudo")
    let submit = try Stranger.run([control, "--config", path, "submit", signal])
    #expect(try submit.waitForEnd() == .exited(1))
    try submit.line(
      with: scratch("signal.sock"), "members of the group \(group) may",
      "usermod --append --groups \(group) ", "log out and in")
    // The folder on the way is what keeps people out.
    try manager.setAttributes([.posixPermissions: 0o050], ofItemAtPath: scratch.path)
    let blocked = try Stranger.run([control, "--socket", scratch("control.sock"), "status"])
    #expect(try blocked.waitForEnd() == .exited(1))
    try blocked.line(with: "members of the group \(group) may")
    try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path)
  }

  @Test
  func `no daemon and a dead one are told apart`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let socket = daemon.scratch("control.sock")
    let never = try daemon.operate("status")
    #expect(never.status == 1)
    #expect(never.errors.contains("the daemon is not running: there is no socket \(socket)"))
    #expect(never.errors.contains("systemctl status mexc-signald"))
    try daemon.start()
    try daemon.kill9()
    let dead = try daemon.operate("status")
    #expect(dead.status == 1)
    #expect(dead.errors.contains("\(socket) is left from an earlier run"), "\(dead.errors)")
    let file = try daemon.scratch.write("file.sock", "")
    let wrong = try daemon.operate("--socket", file, "status")
    #expect(wrong.errors.contains("\(file) is no socket but a regular file"), "\(wrong.errors)")
  }
}
