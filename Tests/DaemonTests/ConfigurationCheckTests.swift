import Configuration
import Daemon
import Doctor
import Domain
import Foundation
import Keystore
import Platform
import TestKit
import Testing

/// `--check-config`, in a folder with everything that a configuration may name.
final class ConfigurationCheckTests {
  private struct Finding: Equatable {
    let level: LogLevel
    let text: String
  }

  private struct Result {
    var status: ExitCode
    var output: [String] = []
    var findings: [Finding] = []

    var errors: [String] { findings.filter { $0.level == .error }.map(\.text) }

    /// What violations and warnings say, without the file's name.
    func texts(_ level: LogLevel, of path: String) -> [String] {
      findings.filter { $0.level == level }.map { $0.text.replacing(path, with: "F") }
    }
  }

  private let scratch: Scratch
  private var folder: String { scratch.path }
  private var path: String { folder + "/c.json5" }

  init() throws { scratch = try Scratch() }

  /// Good places, in lines of their own, and what a test says instead.
  private func write(_ changes: [String: String] = [:], mode: String = "paper") throws {
    let places = [
      ("exchange", "{}"),
      ("store", "{path: '\(folder)/state.db'}"),
      ("intake", "{directory: '\(folder)/spool', socket: '\(folder)/run/signal.sock'}"),
      ("control", "{socket: '\(folder)/run/control.sock'}"),
    ]
    let lines = places.map { name, value in "\(name): \(changes[name] ?? value),\n" }
    try write(text: "{mode: '\(mode)',\n" + lines.joined() + "}")
  }

  private func write(text: String) throws { try file("c.json5", text) }

  @discardableResult
  private func file(_ name: String, _ text: String) throws -> String {
    try scratch.write(name, text, mode: 0o644)
  }

  private func check(
    _ path: String? = nil, isQuiet: Bool = false, variables: [String: String] = [:]
  ) -> Result {
    var result = Result(status: .done)
    let environment = CredentialEnvironment(
      value: { variables[$0].map { Array($0.utf8) } },
      erase: { Issue.record("a check erased \($0)") })
    result.status = checkConfiguration(
      path ?? self.path, isQuiet: isQuiet, environment: environment,
      output: { result.output.append($0) },
      complaints: { result.findings.append(Finding(level: $0, text: $1)) })
    return result
  }

  private func load() throws -> ConfigurationFile { try ConfigurationFile.load(path).get() }

  // MARK: What it prints

  @Test func `a good file is printed as it takes effect`() throws {
    try write(mode: "validate")
    let result = check()
    #expect(result.status == .done)
    #expect(result.output == [try load().configuration.effectiveText()])
    #expect(
      result.findings
        == [Finding(level: .info, text: "credentials: none found where this check runs")])
    let given = check(variables: ["MEXC_API_KEY": "k"])
    #expect(given.output == result.output)
    #expect(given.findings == [Finding(level: .info, text: "credentials: the environment")])
    let quiet = check(isQuiet: true)
    #expect(quiet.status == .done)
    #expect(quiet.output.isEmpty && quiet.findings.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["c.json5"])
  }

  @Test func `the text and the places are told at once`() throws {
    let places =
      "intake: {directory: '\(folder)/spool', socket: '\(folder)/run/signal.sock'},\n"
      + "control: {socket: '\(folder)/run/control.sock'},\n"
    try write(
      text: "{exchange: {ca_file: '/nonexistent.pem'},\nstore: {path: '/nowhere/x.db'},\n"
        + "foo: 1,\n\(places)}")
    let result = check()
    #expect(result.status == .invalidConfiguration)
    let errors = result.texts(.error, of: path)
    let starts = ["F:1: exchange.ca_file: ", "F:2: store.path: ", "F:3: foo: "]
    #expect(errors.count == 3 && zip(errors, starts).allSatisfy { $0.hasPrefix($1) }, "\(errors)")
    // Of a key whose value is not taken, and of one that is not written, no place is known.
    let other = "credentials: {file: '/var/../var/lib/mexc-signald/state.db'},\n"
    for store in ["{path: 5}", "{pth: '/nowhere/x.db'}", "5"] {
      try write(text: "{\(places)\(other)store: \(store)}")
      #expect(check().errors.count == 1, "\(check().errors)")
    }
  }

  @Test func `paper mode asks for no credentials`() throws {
    try write()
    let result = check()
    #expect(result.status == .done)
    #expect(result.output == [try load().configuration.effectiveText()])
    #expect(result.findings.isEmpty)
  }

  @Test func `every violation of a bad file is a line`() throws {
    try write(text: "{\nmode: 1,\nrisks: {}}")
    let result = check()
    #expect(result.status == .invalidConfiguration)
    #expect(result.output.isEmpty)
    #expect(
      result.texts(.error, of: path) == [
        "F:2: mode: found a number; write \"paper\", \"validate\" or \"live\" "
          + "(default \"paper\")",
        "F:3: risks: unknown key; did you mean \"risk\"?",
      ])
    let quiet = check(isQuiet: true)
    #expect(quiet.status == .invalidConfiguration)
    #expect(quiet.findings == result.findings)
  }

  @Test func `a file that cannot be read is a violation`() throws {
    let missing = check("/nonexistent/c.json5")
    #expect(missing.status == .invalidConfiguration)
    #expect(
      missing.findings == [
        Finding(
          level: .error,
          text: "/nonexistent/c.json5: cannot be read (No such file or directory); name a readable "
            + "file")
      ])
    #expect(check("/").findings.first?.text.contains("Is a directory") == true)
    try write(text: String(repeating: " ", count: 1_048_577))
    #expect(check().findings.first?.text.contains("larger than 1048576 bytes") == true)
  }

  // MARK: What the configuration names

  @Test func `a CA file must hold certificates`() throws {
    let plain = try file("plain.pem", "no certificate\n")
    for (name, reason) in [
      ("\(folder)/none.pem", "No such file"), (plain, "no certificate"), (folder, "cannot be used"),
    ] {
      try write(["exchange": "{ca_file: '\(name)'}"])
      let result = check()
      #expect(result.status == .invalidConfiguration, "\(name)")
      #expect(result.output.isEmpty)
      let text = try #require(result.texts(.error, of: path).first)
      #expect(text.hasPrefix("F:2: exchange.ca_file: the trusted certificates in \(name)"))
      #expect(text.lowercased().contains(reason.lowercased()), "\(text)")
    }
  }

  @Test func `an address of the exchange has no path`() throws {
    for suffix in ["/api/v3", "?x=1", "/api?x", "#a"] {
      try write(["exchange": "{rest_url: 'https://api.mexc.com\(suffix)'}"])
      let text = try #require(check().texts(.error, of: path).first)
      #expect(text.hasPrefix("F:2: exchange.rest_url: "), "\(text)")
      #expect(text.contains("behind the host"), "\(text)")
    }
    try write(["exchange": "{stream_url: 'wss://wbs-api.mexc.com/ws?x=1'}"])
    #expect(check().texts(.error, of: path).first?.contains("exchange.stream_url") == true)
    try write(["exchange": "{rest_url: 'https://api.mexc.com/'}"])
    #expect(check().status == .done)
  }

  @Test func `places that cannot be used are named`() throws {
    let blocked = try file("blocked", "")
    let rows = [
      (
        "store", "{path: '\(folder)/none/state.db'}", "3: store.path: \(folder)/none does not exist"
      ),
      ("store", "{path: '\(blocked)/state.db'}", "3: store.path: \(blocked) is no folder"),
      ("intake", "{directory: '\(blocked)'}", "4: intake.directory: \(blocked) is no folder"),
      ("intake", "{directory: '\(blocked)/a'}", "4: intake.directory: \(blocked) is no folder"),
      (
        "intake", "{directory: '\(folder)/spool', socket: '\(blocked)/s'}",
        "4: intake.socket: \(blocked) is no folder"
      ),
      ("control", "{socket: '\(blocked)/c'}", "5: control.socket: \(blocked) is no folder"),
    ]
    for (section, value, text) in rows {
      try write([section: value])
      let result = check()
      #expect(result.status == .invalidConfiguration, "\(text)")
      let errors = result.texts(.error, of: path)
      #expect(errors.count == 1 && errors[0].hasPrefix("F:" + text), "\(errors)")
      #expect(try PlaceCheck(load(), isStart: true).violations.map(\.description) == result.errors)
    }
    try FileManager.default.createDirectory(
      atPath: folder + "/spool/done", withIntermediateDirectories: true)
    try file("spool/incoming", "")
    try write()
    #expect(
      check().texts(.error, of: path) == [
        "F:4: intake.directory: \(folder)/spool/incoming is no folder; move it away, or name "
          + "another path"
      ])
  }

  /// One after the other, each alone in its place.
  @Test func `what stands in the place of a file, a socket or a folder is named`() throws {
    for name in ["spool", "run"] { try scratch.folder(name) }
    try write()
    let socket = "stands at the socket path"
    let linked = "a symbolic link, which is not followed"
    let rows: [(String, String, (String) throws -> Void, String)] = [
      ("state.db", "3: store.path", scratch.folder, "a directory, no regular file; name the path"),
      ("state.db", "3: store.path", scratch.fifo, "a pipe, no regular file; name the path"),
      ("state.db", "3: store.path", link, "\(linked); name the file itself"),
      ("state.db.lock", "3: store.path", scratch.folder, "a directory, and the daemon needs"),
      ("state.db.high-water", "3: store.path", link, "a symbolic link, and the daemon needs"),
      ("state.db.intake", "3: store.path", link, "a symbolic link, and the daemon needs"),
      ("run/signal.sock", "4: intake.socket", scratch.folder, "a directory \(socket)"),
      ("run/signal.sock", "4: intake.socket", link, "a symbolic link \(socket)"),
      ("run/control.sock", "5: control.socket", plain, "a regular file \(socket)"),
      ("spool/.lock", "4: intake.directory", scratch.folder, "a directory, and the daemon needs"),
      ("spool/incoming", "4: intake.directory", link, "\(linked); put a folder"),
      ("spool/active", "4: intake.directory", link, "\(linked); put a folder"),
      ("spool/done", "4: intake.directory", link, "\(linked); put a folder"),
      ("spool/rejected", "4: intake.directory", link, "\(linked); put a folder"),
    ]
    for (name, key, make, text) in rows {
      try make(name)
      let result = check(isQuiet: true)
      #expect(result.status == .invalidConfiguration, "\(name)")
      let errors = result.texts(.error, of: path)
      #expect(errors.count == 1, "\(errors)")
      let error = try #require(errors.first)
      #expect(error.hasPrefix("F:\(key): ") && error.contains("\(folder)/\(name)"), "\(error)")
      #expect(error.contains(text), "\(error)")
      #expect(try PlaceCheck(load(), isStart: true).violations.map(\.description) == result.errors)
      try FileManager.default.removeItem(atPath: scratch(name))
      #expect(check(isQuiet: true).findings.isEmpty, "\(name)")
    }
  }

  /// To the folder of the test, which is there.
  private func link(_ name: String) throws { try scratch.symbolicLink(name, to: folder) }

  private func plain(_ name: String) throws { try file(name, "") }

  @Test func `a database that others can change is named`() throws {
    try scratch.write("state.db", "", mode: 0o620)
    try write()
    #expect(
      check().texts(.error, of: path) == [
        "F:3: store.path: \(folder)/state.db can be changed by other users; run: chmod 600 "
          + "\(folder)/state.db"
      ])
  }

  @Test func `a link that leads nowhere is no missing folder`() throws {
    try write()
    for (name, key) in [("spool", "4: intake.directory"), ("run", "4: intake.socket")] {
      try scratch.symbolicLink(name, to: folder + "/none")
      let result = check()
      #expect(result.status == .invalidConfiguration)
      #expect(
        result.texts(.error, of: path).first
          == "F:\(key): \(folder)/\(name) is a symbolic link that leads to no folder; move it away, "
          + "or name another path")
      try FileManager.default.removeItem(atPath: scratch(name))
    }
  }

  /// Trading goes on without them.
  @Test func `what stands at the socket of the metrics is a warning`() throws {
    let plain = try file("plain", "")
    try write(["control": "{socket: '\(folder)/c'}, metrics: {listen: 'unix:\(plain)'}"])
    let result = check(isQuiet: true)
    #expect(result.status == .done)
    let warnings = result.texts(.warning, of: path)
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("a regular file stands at the socket path \(plain)") == true)
  }

  @Test(arguments: [("8712", "8712", 1), ("8713", "8712", 0), ("0", "0", 0)])
  func `one port for the metrics and the console is a warning`(
    port: String, console: String, count: Int
  ) throws {
    try write([
      "control": "{socket: '\(folder)/c'}, metrics: {listen: '127.0.0.1:\(port)'}, "
        + "console: {listen: '127.0.0.1:\(console)'}"
    ])
    let result = check(isQuiet: true)
    #expect(result.status == .done)
    let warnings = result.texts(.warning, of: path)
    #expect(warnings.count { $0.contains("the same port as console.listen") } == count)
    #expect(warnings.count == count)
  }

  /// Alerts then fail one by one, when something has happened.
  @Test func `a notify command that cannot be run is a warning`() throws {
    let plain = try file("plain", "")
    let rows: [(command: String, starts: [String])] = [
      (folder, ["\(folder) is no regular file; name a program"]), ("/bin/sh", []),
      (plain, ["access \(plain): Permission denied, for the user "]),
      ("\(folder)/none", ["access \(folder)/none: No such file or directory, for the user "]),
    ]
    for (command, starts) in rows {
      try write(["control": "{socket: '\(folder)/c'}, notify: {command: '\(command)'}"])
      let warnings = check(isQuiet: true).texts(.warning, of: path)
      #expect(warnings.count == starts.count, "\(warnings)")
      for (warning, start) in zip(warnings, starts) {
        #expect(warning.hasPrefix("F:5: notify.command: warning: " + start), "\(warning)")
      }
    }
  }

  @Test func `paths that lead to one place by links or points are told`() throws {
    for name in ["x", "spool", "spool/incoming"] { try scratch.folder(name) }
    try scratch.symbolicLink("in", to: "spool/incoming")
    try scratch.symbolicLink("sp", to: folder + "/spool")
    let among = "lies where intake.directory keeps signals; write a path outside it"
    let same = "5: control.socket: the same path as intake.socket; write another one"
    let rows: [(section: String, value: String, text: String?)] = [
      ("store", "{path: '\(folder)/x/../spool/incoming/state.db'}", "3: store.path: \(among)"),
      ("store", "{path: '\(folder)/in/state.db'}", "3: store.path: \(among)"),
      ("store", "{path: '\(folder)/spool/incoming/state.db'}", "3: store.path: \(among)"),
      (
        "intake", "{directory: '\(folder)/sp', socket: '\(folder)/spool/done/s'}",
        "4: intake.socket: \(among)"
      ),
      ("control", "{socket: '\(folder)/x/../run/signal.sock'}", same),
      ("control", "{socket: '\(folder)/none/../run/signal.sock'}", same),
      // It leads out of the folder of the link's name.
      ("control", "{socket: '\(folder)/in/../run/signal.sock'}", nil),
      ("store", "{path: '\(folder)/in/../../x/state.db'}", nil),
    ]
    for (section, value, text) in rows {
      try write([section: value])
      let errors = check(isQuiet: true).texts(.error, of: path)
      let expected = text.map { ["F:" + $0] } ?? []
      #expect(errors == expected, "\(value)")
    }
  }

  /// By hand, before the first start: nothing is wrong yet.
  @Test func `folders that systemd makes are missing only to a start`() throws {
    let state = "/var/lib/signald-check-none"
    try write(["store": "{path: '\(state)/state.db'}"])
    let result = check()
    #expect(result.status == .done)
    #expect(result.output.count == 1)
    let warnings = result.texts(.warning, of: path)
    #expect(
      warnings.count == 1
        && warnings[0].hasPrefix("F:3: store.path: warning: \(state) does not exist; systemd"),
      "\(warnings)")
    let start = try PlaceCheck(load(), isStart: true)
    #expect(start.warnings.isEmpty)
    #expect(start.violations.first?.key == "store.path")
  }

  @Test func `what everybody may write to is a warning`() throws {
    let incoming = folder + "/spool/incoming"
    try FileManager.default.createDirectory(atPath: incoming, withIntermediateDirectories: true)
    try write([
      "intake":
        "{directory: '\(folder)/spool', socket: '\(folder)/s', socket_mode: '0666'}"
    ])
    for path in [incoming, path] {
      let mode = path == incoming ? 0o777 : 0o666
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
    let result = check(isQuiet: true)
    #expect(result.status == .done)
    #expect(
      result.texts(.warning, of: path) == [
        "F:4: intake.socket_mode: warning: every user of this machine may send signals; write "
          + "\"0660\" for the socket's group alone",
        "F:4: intake.directory: warning: every user of this machine may drop signals in "
          + "\(incoming); run: chmod o-w \(incoming)",
        "F: warning: every user of this machine may change it; run: chmod o-w F",
      ])
    #expect(result.output.isEmpty)
  }

  @Test func `a socket that systemd has made needs no folder of the daemon's`() throws {
    let blocked = try file("blocked", "")
    try write(["control": "{socket: '\(blocked)/c'}"])
    let given = try PlaceCheck(load(), isStart: true, givenSockets: ["control"])
    #expect(given.violations.isEmpty)
  }
}
