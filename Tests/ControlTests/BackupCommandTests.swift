import Domain
import Foundation
import JSON
import Platform
import Store
import Testing

@Suite struct `Backup and restore` {
  private let bench: ControlBench
  private var file: String { bench.folder + "/copy.db" }

  init() throws {
    bench = try ControlBench()
    try bench.write(Story.filledLimit())
    try bench.write(Story.open(at: Story.morning))
  }

  /// A configuration of another machine: nothing of it is there yet.
  private func otherMachine(_ mode: String = "live") throws -> String {
    let folder = bench.folder + "/other"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = folder + "/config.json5"
    try """
    { mode: "\(mode)", store: { path: "\(folder)/state.db" }, risk: { maximum_order_quote: "9" } }
    """.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `a backup beside a daemon says what it holds`() throws {
    let head = try bench.store.head()
    let plain = try bench.tool("backup", file)
    #expect(plain.status == .done)
    let bytes = try #require(FileManager.default.contents(atPath: file)).count
    #expect(
      plain.output == """
        \(file): a whole copy of \(bench.database)
        size    \(bytes) bytes
        events  \(head.row)
        orders  2
        head    row \(head.row), \(head.hashText)
        """)
    let json = try bench.tool("backup", "--json", file + "2")
    #expect(
      try json.document == [
        "ok": true, "path": .string(file + "2"), "bytes": .integer(bytes),
        "events": .integer(head.row), "orders": 2,
        "head": ["row": .integer(head.row), "hash": .string(head.hashText)], "removed": [],
      ])
  }

  @Test func `a file that is there is not written over`() throws {
    #expect(try bench.tool("backup", file).status == .done)
    let again = try bench.tool("backup", file, "--json")
    #expect(again.status == .failed)
    #expect(
      try again.document == [
        "ok": false,
        "error": [
          "code": "refused",
          "message": .string(
            "no backup was made: there is a file \(file) already; name another one"),
        ],
      ])
  }

  @Test func `in a folder backups are named by the time and the newest stay`() throws {
    let folder = bench.folder + "/backups"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let old = (1...3).map { "state-2020010\($0)T000000Z.db" }
    // Made while the clock was wrong: they count for nothing.
    let later = ["state-29990101T000000Z.db", "state-29990102T000000Z.db"]
    for name in old + later + ["state-of-things.db", "live-20200101T000000Z.db"] {
      try Data().write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    let run = try bench.tool("backup", "--json", "--keep", "2", folder)
    #expect(run.status == .done)
    #expect(try run.document["removed"] == .array(old.prefix(2).map { .string($0) }))
    let path = try #require(try run.document["path"]?.stringValue)
    let made = String(path.dropFirst(folder.count + 1))
    #expect(made.wholeMatch(of: /state-\d{8}T\d{6}Z\.db/) != nil)
    #expect(
      try names(folder)
        == ["live-20200101T000000Z.db", "state-20200103T000000Z.db", made] + later
        + ["state-of-things.db"])
    let stray = try bench.tool("backup", "--keep", "2", file)
    #expect(stray.complaints == "mexc-signalctl: there is no folder \(file)")
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test func `what a backup that was cut off left goes after a day`() throws {
    let folder = bench.folder + "/backups"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let old = ["", "-journal", "-shm", "-wal"].map { "state-20260101T000000Z.db.tmp" + $0 }
    let others = ["live-20260101T000000Z.db.tmp", "state-of-things.db.tmp"]
    for name in old + others {
      let path = folder + "/" + name
      try Data().write(to: URL(fileURLWithPath: path))
      let past = Array(repeating: timespec(tv_sec: 1_767_225_600, tv_nsec: 0), count: 2)
      #expect(unsafe utimensat(AT_FDCWD, path, past, 0) == 0)
    }
    // May be under way.
    let young = "state-20260102T000000Z.db.tmp"
    try Data().write(to: URL(fileURLWithPath: folder + "/" + young))
    let run = try bench.tool("backup", "--json", "--keep", "1", folder)
    #expect(run.status == .done)
    #expect(try run.document["removed"] == .array(old.map { .string($0) }))
    let path = try #require(try run.document["path"]?.stringValue)
    let made = String(path.dropFirst(folder.count + 1))
    #expect(try names(folder) == (others + [made, young]).sorted())
  }

  @Test func `nothing is restored under a running daemon`() throws {
    try bench.write(Story.deniedAtOnce())
    #expect(try bench.tool("backup", file).status == .done)
    let run = try bench.tool("restore", file)
    #expect(run.status == .failed)
    #expect(
      run.complaints.hasPrefix("mexc-signalctl: the restore failed: the database is in use: "),
      "\(run.complaints)")
    #expect(try names(bench.folder).filter { $0.contains("restor") } == [])
  }

  @Test func `a restored backup says what the next start does`() throws {
    try bench.store.write(
      .setOwner(
        DatabaseOwner(
          account: TradingAccount(venue: "mexc-spot", name: "main"), mode: .live,
          since: Story.morning)))
    try bench.store.commit()
    let head = try bench.store.head()
    #expect(try bench.tool("backup", file).status == .done)
    let database = bench.folder + "/other/state.db"
    let consequence =
      "the next start is a careful one: every signal is looked for at the exchange before it may "
      + "leave, and what waited when the backup was made is not sent; compare the orders with the "
      + "exchange's, then 'mexc-signalctl resume'"
    let plain = try bench.run(["--config", try otherMachine(), "restore", file])
    #expect(
      plain.output == """
        \(database) was restored from \(file)
        events  \(head.row)
        orders  2
        head    row \(head.row), \(head.hashText)
        \(consequence)
        """)
    let json = try bench.run(["--config", try otherMachine(), "restore", "--json", file])
    #expect(
      try json.document == [
        "ok": true, "message": .string("\(database) was restored from \(file); \(consequence)"),
        "events": .integer(head.row), "orders": 2,
        "head": ["row": .integer(head.row), "hash": .string(head.hashText)],
        "kept": .string(database + ".before-restore-1"), "halted": .null,
        "former_unread": .null,
      ])
    #expect(try bench.run(["--config", try otherMachine(), "verify"]).status == .done)
  }

  @Test func `a backup of another mode is not restored`() throws {
    #expect(try bench.tool("backup", file).status == .done)
    let run = try bench.run(["--config", try otherMachine("paper"), "restore", file])
    #expect(run.status == .failed)
    #expect(
      run.complaints.hasPrefix(
        "mexc-signalctl: the restore failed: \(file) cannot be restored: the orders in \(file) "
          + "were made in mode live, and the configuration says mode paper"), "\(run.complaints)")
  }
}
