import CSQLite
import Domain
import Foundation
import Glibc
import JSON
import Store
import TestKit
import Testing

struct FailureTests {
  @Test func `a full store undoes the turn, says so, and goes on when there is room`() throws {
    let scratch = try Scratch()
    let store = try OrderStore(path: scratch.database)
    try store.write(.insertSignal(makeSignal("first")))
    try store.commit()
    try store.writer.limitSize(pages: 30)
    var written = 0
    var failure: StoreError?
    while failure == nil, written < 1_000 {
      do throws(StoreError) {
        let words = JSONValue.string(String(repeating: "x", count: 2_000))
        try store.write(.appendEvent(.init(at: noon, subject: .daemon, kind: "k", detail: words)))
        try store.write(.setHalt(HaltRecord(reason: "\(written + 1)", since: noon)))
        try store.commit()
        written += 1
      } catch {
        failure = error
      }
    }
    #expect(
      failure == .full("append event: database or disk is full (SQLite error 13)"))
    store.rollback()
    #expect(written > 5)
    #expect(try store.loadState(now: noon).halt?.reason == "\(written)")
    #expect(try store.reader.daemonHistory().count == written)
    #expect(throws: StoreError.full("put setting: database or disk is full (SQLite error 13)")) {
      try store.probe()
    }
    #expect(!store.hasUncommittedWrites)
    try store.writer.limitSize(pages: 1_000_000)
    try store.probe()
    try store.write(.insertSignal(makeSignal("after")))
    try store.commit()
    let reader = try StoreReader(path: scratch.database)
    #expect(try reader.signals(filter: ListFilter()).map(\.signalID.text) == ["after", "first"])
  }

  @Test func `each kind of failure forces its own decision`() {
    func sorted(_ code: Int32, errno: Int32 = 0) -> StoreError {
      StoreError(
        SQLiteError(extendedCode: code, systemError: errno, message: "y", step: "x"))
    }
    let write = SQLITE_IOERR | 3 << 8
    #expect(sorted(SQLITE_FULL) == .full("x: y (SQLite error 13)"))
    #expect(sorted(write, errno: ENOSPC) == .full("x: y (SQLite error 778)"))
    #expect(sorted(write, errno: EDQUOT) == .full("x: y (SQLite error 778)"))
    let large =
      ", as the process (LimitFSIZE=, 'ulimit -f') or the file system allows no larger file"
    #expect(sorted(write, errno: EFBIG) == .full("x: y (SQLite error 778)" + large))
    #expect(sorted(write, errno: EROFS) == .readOnly("x: y (SQLite error 778)"))
    #expect(sorted(write, errno: EIO) == .ioFailure("x: y (SQLite error 778)"))
    let sync = SQLITE_IOERR | 4 << 8
    #expect(sorted(sync, errno: ENOSPC) == .ioFailure("x: y (SQLite error 1034)"))
    #expect(sorted(SQLITE_NOMEM) == .ioFailure("x: y (SQLite error 7)"))
    #expect(sorted(SQLITE_READONLY) == .readOnly("x: y (SQLite error 8)"))
    #expect(sorted(SQLITE_CORRUPT) == .corrupt("x: y (SQLite error 11)"))
    #expect(sorted(SQLITE_NOTADB) == .corrupt("x: y (SQLite error 26)"))
    #expect(sorted(SQLITE_BUSY | 1 << 8) == .heldByAnotherDaemon("x: y (SQLite error 261)"))
    #expect(sorted(SQLITE_CANTOPEN, errno: EACCES) == .unusablePath("x: y (SQLite error 14)"))
    #expect(sorted(SQLITE_CANTOPEN, errno: EROFS) == .readOnly("x: y (SQLite error 14)"))
    #expect(sorted(SQLITE_CONSTRAINT) == .misuse("x: y (SQLite error 19)"))
    #expect(sorted(SQLITE_MISUSE) == .misuse("x: y (SQLite error 21)"))
  }

  @Test func `every error says what to do`() {
    for (error, advice) in [
      (StoreError.heldByAnotherDaemon("x"), "stop the other program"),
      (.corrupt("x"), "restore a backup"), (.readOnly("x"), "make the file system"),
      (.full("x"), "free some space"), (.ioFailure("x"), "check the disk"),
      (.newerSchema(found: 3, known: 2), "install the newer program"),
    ] {
      #expect(error.description.contains(advice))
    }
    #expect(
      StoreError.newerSchema(found: 3, known: 2).description
        == "the database has schema version 3 and this program knows versions up to 2; "
        + "install the newer program again")
  }

  @Test func `no bound value is in an error`() throws {
    let scratch = try Scratch()
    let store = try OrderStore(path: scratch.database)
    try store.write(.insertSignal(makeSignal("canary")))
    let failure = try #require(throws: StoreError.self) {
      try store.write(.insertSignal(makeSignal("canary")))
    }
    #expect(!failure.description.contains("canary"))
  }

  /// In a process of its own: nothing else allocates there.
  @Test func `ten thousand writes leave memory flat`() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let store = try OrderStore(path: scratch.database)
      func work(_ range: Range<Int>) throws {
        for number in range {
          try store.write(.insertSignal(makeSignal("s\(number)")))
          let event = HistoryEvent(
            at: noon, subject: .signal(try signalID("s\(number)")), kind: "k",
            detail: ["n": .integer(number)])
          try store.write(.appendEvent(event))
          if number % 10 == 9 { try store.commit() }
        }
        _ = try store.reader.signals(filter: ListFilter())
      }
      try work(0..<1_000)
      let before = try residentBytes()
      try work(1_000..<6_000)
      let growth = try residentBytes() - before
      guard growth < growthMaximum else { fatalError("grew by \(growth) bytes") }
    }
  }
}

/// The sanitizers keep books on memory, and AddressSanitizer keeps what was freed aside for a while;
/// its own leak check stands in.
private var growthMaximum: Int {
  let isSanitized = unsafe dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
  return isSanitized ? 512 << 20 : 2 << 20
}

/// Pages of this process that are in memory, from /proc/self/statm (proc(5)).
private func residentBytes() throws -> Int {
  let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
  return pages * 4_096
}
