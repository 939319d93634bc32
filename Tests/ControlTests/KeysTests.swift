import Control
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// `keys`, with its lines from a pipe.
@Suite struct KeysTests {
  private static let key = "mx0aBYs33eIilxBWC5"
  private static let secret = "45d0b3c26f2644f19bfb98b07741b2f5"
  private static let passphrase = "open sesame"

  private let bench: ControlBench
  private let scratch: Scratch
  private var path: String { bench.folder + "/credentials" }

  init() throws {
    bench = try ControlBench()
    scratch = try Scratch()
  }

  private func keys(_ arguments: [String], _ lines: String...) throws -> ToolRun {
    let pipe = try LinePipe(lines.map { $0 + "\n" }.joined())
    return try bench.run(
      ["--config", bench.configuration, "keys"] + arguments, standardInput: pipe.reader)
  }

  private func set(_ passphrase: String = passphrase) throws -> ToolRun {
    try keys(["set"], Self.key, Self.secret, passphrase)
  }

  @Test func `what set writes, check opens`() throws {
    let set = try set()
    #expect(set.status == .done)
    let adopt = "mexc-signalctl --config \(bench.configuration) adopt"
    #expect(
      set.output
        == "\(path): written; 'systemctl reload mexc-signald' makes a running daemon use it, unless "
        + "systemd gives it one; if its database was used with another key, and this one is of the "
        + "same account, say so first: "
        + "'\(adopt) --renewed-key' (while no daemon runs: '\(adopt)')")
    #expect(set.complaints.contains("the daemon needs the passphrase, too"))
    #expect(FileStatus.at(path: path)?.mode == 0o600)
    let check = try keys(["check"], Self.passphrase)
    #expect(check.status == .done)
    #expect(
      check.output == """
        file             \(path)
        version          1
        iterations       600000
        opens            yes
        passphrase from  standard input
        api key          yes
        sources          none
        """)
    #expect(
      try keys(["check", "--json"], Self.passphrase).document == [
        "ok": true, "file": .string(path), "version": 1, "iterations": 600_000, "opens": true,
        "passphrase_from": "standard input", "api_key": true, "sources": [],
      ])
    for run in [set, check] {
      for value in [Self.key, Self.secret, Self.passphrase, "mx0"] {
        #expect(!(run.output + run.complaints).contains(value))
      }
    }
    for file in try [path].map({ try Data(contentsOf: URL(fileURLWithPath: $0)) }) {
      for value in [Self.key, Self.secret, Self.passphrase] {
        #expect(file.range(of: Data(value.utf8)) == nil)
      }
    }
  }

  @Test func `each fault of a file has an error of its own, and status one`() throws {
    #expect(try keys(["check"], "x").complaints.contains("there is no file \(path)"))
    #expect(try set().status == .done)
    let good = try Data(contentsOf: URL(fileURLWithPath: path))
    var changed = good
    changed[100] ^= 1
    var newer = good
    newer[8] = 3
    let rows = [
      (good, "wrong", "the passphrase is wrong"),
      (changed, Self.passphrase, "was changed or damaged"),
      (newer, Self.passphrase, "has version 3, newer than this program reads (2)"),
      (Data("hello".utf8), Self.passphrase, "is no credentials file"),
    ]
    for (content, passphrase, says) in rows {
      try content.write(to: URL(fileURLWithPath: path))
      let run = try keys(["check"], passphrase)
      #expect(run.status == .failed)
      #expect(run.complaints.hasPrefix("mexc-signalctl: \(path) "))
      #expect(run.complaints.contains(says), "\(run.complaints)")
      let document = try keys(["check", "--json"], passphrase).document
      #expect(document["ok"] == false)
      #expect(document["error"]?["code"] == "refused")
    }
    try good.write(to: URL(fileURLWithPath: path))
    #expect(unsafe chmod(path, 0o644) == 0)
    #expect(try keys(["check", "--json"], "x").document["error"]?["code"] == "unreachable")
  }

  // MARK: Secrets of sources

  @Test func `a source's secret is kept beside key and secret, and taken out again`() throws {
    let word = "correct horse battery staple"
    #expect(try set().status == .done)
    let added = try keys(["set", "--source", "bot-1"], word, Self.passphrase)
    #expect(added.status == .done, "\(added.complaints)")
    #expect(added.complaints.contains("has no source \"bot-1\" with secret: true"))
    #expect(!(added.output + added.complaints).contains(word))
    #expect(FileStatus.at(path: path)?.mode == 0o600)
    func known() throws -> [JSONValue?] {
      let document = try keys(["check", "--json"], Self.passphrase).document
      return [document["version"], document["api_key"], document["sources"]]
    }
    #expect(try known() == [2, true, ["bot-1"]])
    // Another key leaves it there, and so does another passphrase.
    #expect(try set().status == .done)
    #expect(try known() == [2, true, ["bot-1"]])
    let lost = try set("another passphrase")
    #expect(lost.status == .failed)
    #expect(lost.complaints.contains("keeps secrets of sources under another passphrase"))
    #expect(try keys(["change-passphrase"], Self.passphrase, "b").status == .done)
    #expect(try keys(["change-passphrase"], "b", Self.passphrase).status == .done)
    #expect(try known() == [2, true, ["bot-1"]])
    let unknown = try keys(["remove", "--source", "bot-2"], Self.passphrase)
    #expect(unknown.complaints.contains("holds no secret for the source \"bot-2\""))
    let removed = try keys(["remove", "--source", "bot-1"], Self.passphrase)
    #expect(removed.status == .done)
    #expect(removed.output == "\(path): the secret of the source \"bot-1\" is removed")
    #expect(try known() == [1, true, []])
  }

  @Test func `a file may keep secrets of sources alone`() throws {
    let word = "correct horse battery staple"
    #expect(try keys(["set", "--source", "b"], word, Self.passphrase).status == .done)
    #expect(try keys(["set", "--source", "a"], word, Self.passphrase).status == .done)
    let check = try keys(["check", "--json"], Self.passphrase).document
    #expect(check["api_key"] == false && check["sources"] == ["a", "b"])
    for name in ["a", "b"] {
      #expect(try keys(["remove", "--source", name], Self.passphrase).status == .done)
    }
    #expect(FileStatus.at(path: path) == nil)
  }

  @Test func `a source's secret that cannot be used changes nothing`() throws {
    let good = "correct horse battery staple"
    let rows: [([String], [String], String)] = [
      (["--source", "a"], ["short", "p"], "has 5 bytes"),
      (["--source", "a"], [String(repeating: "x", count: 256), "p"], "at most 255 can be kept"),
      (["--source", "a"], [good], "the passphrase is missing"),
      (["--source", "a"], [], "the secret of the source \"a\" is missing"),
      (["--source", "a"], [good, "p", "p", "q"], "a line more than was asked for"),
      (["--source", "a/b"], [], "--source takes a name of"),
    ]
    for (arguments, lines, says) in rows {
      let pipe = try LinePipe(lines.map { $0 + "\n" }.joined())
      let run = try bench.run(
        ["--config", bench.configuration, "keys", "set"] + arguments, standardInput: pipe.reader)
      #expect(run.status != .done)
      #expect(run.complaints.contains(says), "\(run.complaints)")
      #expect(FileStatus.at(path: path) == nil)
    }
    #expect(try set().status == .done)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try keys(["set", "--source", "a"], good, "wrong").complaints.contains("is wrong"))
    #expect(try keys(["check", "--source", "a"], Self.passphrase).status == .wrongUsage)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  // MARK: What does not fit

  @Test func `input that does not fit changes nothing`() throws {
    let rows: [([String], String)] = [
      ([], "the API key is missing: the input ended before it; nothing is changed"),
      ([Self.key], "the secret is missing"),
      ([Self.key, Self.secret], "the passphrase is missing"),
      ([Self.key, Self.secret, ""], "the passphrase in standard input is empty"),
      ([Self.key, Self.secret, "a", "b"], "the two passphrases differ"),
      ([Self.key, Self.secret, "a", "a", "b"], "there is a line more than was asked for"),
      ([Self.secret, Self.key, "a"], "the secret holds an API key; key and secret are swapped"),
      (["your_api_key", Self.secret, "a"], "the API key is still the text of an example"),
      ([String(repeating: "x", count: 5_000)], "the line is too long"),
    ]
    for (lines, says) in rows {
      let pipe = try LinePipe(lines.map { $0 + "\n" }.joined())
      let run = try bench.run(
        ["--config", bench.configuration, "keys", "set"], standardInput: pipe.reader)
      #expect(run.status == .failed)
      #expect(run.complaints.contains(says), "\(run.complaints)")
      #expect(FileStatus.at(path: path) == nil)
    }
  }

  @Test func `blank lines behind the last one do not count, and what follows them does`() throws {
    for lines in [[""], ["", ""], [Self.passphrase, "", ""]] {
      let text = [Self.key, Self.secret, Self.passphrase] + lines
      let pipe = try LinePipe(text.map { $0 + "\n" }.joined())
      let run = try bench.run(
        ["--config", bench.configuration, "keys", "set"], standardInput: pipe.reader)
      #expect(run.status == .done, "\(lines): \(run.complaints)")
    }
    #expect(try keys(["check"], Self.passphrase, "", "").status == .done)
    let rest = try keys(["check"], Self.passphrase, "", "b")
    #expect(
      rest.complaints.contains("there is a line more than was asked for"), "\(rest.complaints)")
  }

  @Test func `a passphrase may stand in a file that is its owner's alone`() throws {
    let file = try scratch.write("p", Self.passphrase + "\n")
    let set = try keys(["set", "--passphrase-file", file], Self.key, Self.secret)
    #expect(set.status == .done, "\(set.complaints)")
    #expect(
      try keys(["check", "--passphrase-file", file, "--json"]).document["passphrase_from"]
        == .string(file))
    #expect(
      try keys(["set", "--passphrase-file", file], Self.key, Self.secret, "p").status == .failed)
    #expect(unsafe chmod(file, 0o640) == 0)
    let exposed = try keys(["check", "--passphrase-file", file])
    #expect(exposed.status == .failed)
    #expect(exposed.complaints.contains("chmod 0600"))
  }

  @Test func `a changed passphrase opens, and the former one no more`() throws {
    #expect(try set().status == .done)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try keys(["change-passphrase"], "wrong", "new one").status == .failed)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    let changed = try keys(["change-passphrase"], Self.passphrase, "new one", "new one")
    #expect(changed.status == .done, "\(changed.complaints)")
    #expect(try keys(["check"], Self.passphrase).status == .failed)
    #expect(try keys(["check"], "new one").status == .done)
    let file = try scratch.write("p", "in a file")
    let again = try keys(["change-passphrase", "--new-passphrase-file", file], "new one")
    #expect(again.status == .done, "\(again.complaints)")
    #expect(try keys(["check", "--passphrase-file", file]).status == .done)
  }

  @Test func `remove removes a credentials file and nothing else`() throws {
    #expect(try keys(["remove"]).complaints.contains("there is no file \(path)"))
    try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try keys(["remove"]).complaints.contains("is no credentials file"))
    #expect(FileStatus.at(path: path) != nil)
    try FileManager.default.removeItem(atPath: path)
    #expect(try set().status == .done)
    let removed = try keys(["remove", "--json"])
    #expect(removed.status == .done)
    #expect(try removed.document == ["ok": true, "message": .string("\(path): removed")])
    #expect(FileStatus.at(path: path) == nil)
  }

  @Test func `a file that the daemon will not read is said to be so`() throws {
    let text = try String(contentsOfFile: bench.configuration, encoding: .utf8)
    try text.replacing("credentials: {", with: "credentials: { source: \"environment\", ")
      .write(toFile: bench.configuration, atomically: true, encoding: .utf8)
    let run = try set()
    #expect(run.status == .done)
    #expect(run.complaints.contains("credentials.source is \"environment\""))
  }

  // MARK: Whose the file is

  /// The configuration with the database in this folder.
  private func keepDatabase(in folder: String) throws {
    let text = try String(contentsOfFile: bench.configuration, encoding: .utf8)
    try text.replacing("\(bench.folder)/state.db", with: "\(folder)/state.db")
      .write(toFile: bench.configuration, atomically: true, encoding: .utf8)
  }

  @Test(.enabled(if: geteuid() == 0))
  func `where the daemon's user is not known, root is told whose the file is`() throws {
    try keepDatabase(in: scratch("missing"))
    let set = try set()
    #expect(set.status == .done)
    #expect(set.output.contains("does not tell the daemon's user: give the file to that user"))
    #expect(FileStatus.at(path: path)?.owner == 0)
  }

  @Test(.enabled(if: geteuid() == 0), arguments: ["itself", "by a link"])
  func `what root writes is the daemon's user's, whosever it was`(folder: String) throws {
    try scratch.folder("itself")
    try #require(unsafe chown(scratch("itself"), 999, 998) == 0)
    try #require(unsafe symlink(scratch("itself"), scratch("by a link")) == 0)
    try keepDatabase(in: scratch(folder))
    for former in [nil, 0, 1_000] as [UInt32?] {
      if let former { try #require(unsafe chown(path, former, former) == 0) }
      #expect(try set().status == .done)
      let status = try #require(FileStatus.at(path: path))
      #expect([status.owner, status.group, status.mode] == [999, 998, 0o600])
    }
  }

  private func expectOwner(_ user: UInt32, _ group: UInt32) {
    let status = FileStatus.at(path: path)
    #expect(status.map { [$0.owner, $0.group, $0.mode] } == [user, group, 0o600])
  }

  /// Runs of every command that writes the file.
  private func writeEachWay(_ check: (ToolRun) -> Void) throws {
    let word = "correct horse battery staple"
    check(try set())
    check(try keys(["set", "--source", "bot-1"], word, Self.passphrase))
    check(try keys(["change-passphrase"], Self.passphrase, Self.passphrase))
    check(try keys(["remove", "--source", "bot-1"], Self.passphrase))
  }

  @Test(.enabled(if: geteuid() == 0), arguments: ["missing", "of the group"])
  func `where the folder does not tell, the file stays whose it was`(folder: String) throws {
    try scratch.folder("of the group")
    try #require(unsafe chown(scratch("of the group"), 0, 998) == 0)
    try #require(unsafe chmod(scratch("of the group"), 0o2770) == 0)
    try keepDatabase(in: scratch(folder))
    #expect(try set().status == .done)
    try #require(unsafe chown(path, 999, 998) == 0)
    try writeEachWay { run in
      #expect(run.status == .done && !run.output.contains("chown"), "\(run)")
      expectOwner(999, 998)
    }
  }

  @Test(.enabled(if: geteuid() == 0))
  func `each command that leaves root a file tells so where the folder is missing`() throws {
    try keepDatabase(in: scratch("missing"))
    try writeEachWay { run in
      #expect(run.status == .done && run.output.contains("'chown'"), "\(run)")
      expectOwner(0, 0)
    }
    try scratch.folder("missing")
    try #require(unsafe chown(scratch("missing"), 0, 0) == 0)
    try writeEachWay { run in
      #expect(run.status == .done && !run.output.contains("chown"), "\(run)")
      expectOwner(0, 0)
    }
  }

  @Test func `the word about a renewed key goes to the daemon`() throws {
    #expect(try bench.tool("adopt", "--renewed-key").status == .failed)
    try bench.listen()
    #expect(try bench.tool("adopt", "--renewed-key").output == "expected")
    #expect(
      try bench.tool("adopt", "--renewed-key", "--json").document
        == ["ok": true, "message": "expected"])
  }
}

/// A pipe that holds a text and then ends.
private final class LinePipe {
  let reader: CInt

  init(_ text: String) throws {
    var ends: [CInt] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw Unusable("pipe: errno \(errno)") }
    reader = ends[0]
    let bytes = Array(text.utf8)
    let count = unsafe write(ends[1], bytes, bytes.count)
    close(ends[1])
    guard count == bytes.count else { throw Unusable("write: errno \(errno)") }
  }

  deinit { close(reader) }
}
