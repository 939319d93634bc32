import Domain
import Foundation
import Glibc
import Store
import TestKit
import Testing

/// The file that tells whether a database is as young as what was sent.
struct HighWaterTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private var markPath: String { scratch.database + ".high-water" }

  private func mark() throws -> HighWaterMark {
    guard case .mark(let mark) = try HighWaterMark.read(beside: scratch.database) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return mark
  }

  /// An order that is armed, and the head right after.
  @discardableResult
  private func arm(_ id: String) throws -> ChainHead {
    let store = try OrderStore(path: scratch.database)
    var recorded = try Recorded(id, in: store)
    try recorded.arm(in: store)
    let head = try store.head()
    try recorded.take(.acknowledged(orderID: "1"), in: store)
    return head
  }

  private func copyDatabase(to name: String) throws {
    for suffix in ["", "-wal"] {
      let target = scratch.path + "/" + name + suffix
      try? FileManager.default.removeItem(atPath: target)
      if FileManager.default.fileExists(atPath: scratch.database + suffix) {
        try FileManager.default.copyItem(atPath: scratch.database + suffix, toPath: target)
      }
    }
  }

  private func restore(_ name: String) throws {
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: scratch.database + suffix)
      let copy = scratch.path + "/" + name + suffix
      if FileManager.default.fileExists(atPath: copy) {
        try FileManager.default.copyItem(atPath: copy, toPath: scratch.database + suffix)
      }
    }
  }

  @Test func `a new database has a mark that says nothing yet`() throws {
    let store = try OrderStore(path: scratch.database)
    #expect(store.continuity == .unbroken)
    #expect(try mark() == HighWaterMark(number: 1, armed: 0, head: .beginning))
    #expect(try scratch.mode(markPath) == 0o600)
    #expect(try scratch.bytes(markPath).count == 1_024)
  }

  @Test func `only a commit that arms an order moves the mark`() throws {
    let store = try OrderStore(path: scratch.database)
    var first = try Recorded("a", in: store)
    _ = try Recorded("b", in: store)
    #expect(try mark().number == 1)
    try first.arm(in: store)
    store.finishMarks()
    let armed = try mark()
    #expect(try armed == HighWaterMark(number: 2, armed: 1, head: store.head()))
    #expect(armed.head.row == 3)
    try first.take(.acknowledged(orderID: "1"), in: store)
    #expect(try mark() == armed)
    #expect(try store.reader.audit(mark: .mark(armed)).isClean)
  }

  /// An order is armed, not synced, and its mark written; a power cut takes the arming.
  private func losePower(after prepare: (OrderStore) throws -> Recorded) throws {
    let store = try OrderStore(path: scratch.database, boot: "one")
    var recorded = try prepare(store)
    try copyDatabase(to: "kept")
    try recorded.arm(in: store, .written)
    store.finishMarks()
  }

  @Test func `what a power cut took behind the last sync breaks nothing`() throws {
    try losePower { try Recorded("a", in: $0) }
    try restore("kept")
    let store = try OrderStore(path: scratch.database, boot: "two")
    #expect(store.continuity == .unbroken)
    let former = try mark()
    #expect(try !store.reader.audit(mark: .mark(former)).isClean)
    #expect(try !store.reader.audit(mark: .mark(former), boot: "one").isClean)
    let audit = try store.reader.audit(mark: .mark(former), boot: "two")
    #expect(audit.isClean)
    #expect(audit.rowBeforePowerCut == former.synced?.head.row)
    _ = try Recorded("b", in: store)
    #expect(try mark() == HighWaterMark(number: former.number + 1, armed: 1, head: store.head()))
    #expect(try store.reader.audit(mark: .mark(mark())).isClean)
  }

  @Test func `under the same boot nothing can have taken it`() throws {
    try losePower { try Recorded("a", in: $0) }
    try restore("kept")
    let store = try OrderStore(path: scratch.database, boot: "one")
    guard case .broken = store.continuity else {
      Issue.record("\(store.continuity)")
      return
    }
  }

  @Test func `a database without the last synced row is broken under any boot`() throws {
    try losePower { store in
      _ = try Recorded("a", in: store)
      try copyDatabase(to: "older")
      return try Recorded("b", in: store)
    }
    try restore("older")
    let store = try OrderStore(path: scratch.database, boot: "two")
    guard case .broken = store.continuity else {
      Issue.record("\(store.continuity)")
      return
    }
  }

  @Test func `a copy from before an order that left is noticed after a reboot, too`() throws {
    do {
      let store = try OrderStore(path: scratch.database, boot: "one")
      var recorded = try Recorded("a", in: store)
      try copyDatabase(to: "older")
      try recorded.arm(in: store, .written)
      store.catchUp()
      store.finishMarks()
      let armed = try mark()
      #expect(armed.synced != nil)
      try recorded.take(.acknowledged(orderID: "1"), in: store)
      store.catchUp()
      try recorded.take(.cancelAnswered("gone", isDefinite: false), in: store)
      try store.noteCleanStop()
      #expect(
        try mark()
          == HighWaterMark(number: armed.number + 1, armed: armed.armed, head: armed.head))
      #expect(try store.reader.audit(mark: .mark(mark())).isClean)
    }
    try restore("older")
    let store = try OrderStore(path: scratch.database, boot: "two")
    guard case .broken = store.continuity else {
      Issue.record("\(store.continuity)")
      return
    }
  }

  @Test func `a turn that is taken back moves nothing`() throws {
    let store = try OrderStore(path: scratch.database)
    let recorded = try Recorded("a", in: store)
    let event = OrderEvent.armed(
      OrderEvent.Armament(
        attempt: 1, stampedAt: noon, receiveWindow: .seconds(5), quote: try makeQuote()))
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: noon, subject: .order(recorded.order.key), kind: event.kind, detail: event.detail)))
    store.rollback()
    try store.write(.setHalt(nil))
    try store.commit()
    #expect(try mark().number == 1)
  }

  @Test func `a database that has grown since the mark is unbroken`() throws {
    try arm("a")
    #expect(try OrderStore(path: scratch.database).continuity == .unbroken)
    try arm("b")
    #expect(try OrderStore(path: scratch.database).continuity == .unbroken)
    #expect(try mark().armed == 2)
  }

  @Test func `an older copy of the database is noticed`() throws {
    try arm("a")
    try copyDatabase(to: "copy")
    try arm("b")
    try restore("copy")
    let store = try OrderStore(path: scratch.database)
    #expect(
      store.continuity
        == .broken(
          "the history ends with row 3, and row 5 was there when an order left"))
    #expect(
      try store.reader.audit(mark: HighWaterMark.read(beside: scratch.database)).findings.map(
        \.message)
        == ["row 5 was there when an order left, and is missing; the last row is 3"])
    try store.renewMark()
    #expect(try mark() == HighWaterMark(number: 4, armed: 2, head: store.head()))
  }

  @Test func `a break is found until it is noted`() throws {
    try arm("a")
    try copyDatabase(to: "copy")
    try arm("b")
    try restore("copy")
    for _ in 0..<2 {
      guard case .broken = try OrderStore(path: scratch.database).continuity else {
        Issue.record("the break was forgotten")
        return
      }
    }
    try OrderStore(path: scratch.database).renewMark()
    #expect(try OrderStore(path: scratch.database).continuity == .unbroken)
  }

  @Test func `a history that was written anew is noticed`() throws {
    try arm("a")
    try restore("nothing")
    let marked = try scratch.bytes(markPath)
    do {
      let store = try OrderStore(path: scratch.database)
      for number in 0..<5 { _ = try Recorded("x\(number)", in: store) }
    }
    try scratch.put(marked, at: markPath)
    #expect(
      try OrderStore(path: scratch.database).continuity
        == .broken(
          "row 2 is not the one that stood there when an order left"))
  }

  @Test func `a new database beside an old mark is noticed`() throws {
    try arm("a")
    try restore("nothing")
    #expect(
      try OrderStore(path: scratch.database).continuity
        == .broken(
          "the history ends with row 0, and row 2 was there when an order left"))
  }

  @Test func `a database with a history and no mark is told from one that is new`() throws {
    try arm("a")
    try FileManager.default.removeItem(atPath: markPath)
    #expect(try OrderStore(path: scratch.database).continuity == .noMark)
    // It is found again until somebody has put on record what it means.
    let store = try OrderStore(path: scratch.database)
    #expect(store.continuity == .noMark)
    try store.renewMark()
    #expect(try mark() == HighWaterMark(number: 1, armed: 0, head: store.head()))
  }

  @Test func `a write that was cut short leaves the mark before`() throws {
    try arm("a")
    let former = try mark()
    try arm("b")
    let last = try mark()
    #expect(last.number == former.number + 1)
    var bytes = try scratch.bytes(markPath)
    let place = Int(last.number % 2) * 512
    bytes.replaceSubrange(place + 40..<place + 512, with: repeatElement(0x20, count: 472))
    try scratch.put(bytes, at: markPath)
    #expect(try mark() == former)
    #expect(try OrderStore(path: scratch.database).continuity == .unbroken)
  }

  @Test func `a mark that cannot be trusted is a break`() throws {
    try arm("a")
    for text in ["hello", "{\"number\":1}"] {
      try scratch.put(Array(text.utf8), at: markPath)
      #expect(
        try OrderStore(path: scratch.database).continuity
          == .broken("the high-water file cannot be read"))
    }
    let store = try OrderStore(path: scratch.database)
    try store.renewMark()
    #expect(try mark().head == store.head())
  }

  @Test func `what is no regular file is refused and not waited for`() throws {
    let refusal = StoreError.unusablePath("\(markPath) is not a regular file")
    let makings: [(String) -> CInt] = [{ unsafe mkfifo($0, 0o600) }, { unsafe mkdir($0, 0o700) }]
    for make in makings {
      try #require(make(markPath) == 0)
      #expect(throws: refusal) { try HighWaterMark.read(beside: scratch.database) }
      #expect(throws: refusal) { _ = try OrderStore(path: scratch.database) }
      try #require(unsafe remove(markPath) == 0)
    }
  }

  @Test(arguments: [0, 7, 1_024])
  func `a file that was made and never written to is none`(size: Int) throws {
    try arm("a")
    try scratch.put([UInt8](repeating: 0, count: size), at: markPath)
    #expect(try HighWaterMark.read(beside: scratch.database) == .missing)
    #expect(try OrderStore(path: scratch.database).continuity == .noMark)
  }

  @Test func `any change of a record makes it worthless`() throws {
    _ = try OrderStore(path: scratch.database)
    let sound = try scratch.bytes(markPath)
    let place = 512
    for index in place..<place + 300 {
      var bytes = sound
      bytes[index] ^= 1
      try scratch.put(bytes, at: markPath)
      #expect(
        try HighWaterMark.read(beside: scratch.database) == .unreadable, "byte \(index)")
    }
  }

  @Test func `a link in the file's place is refused`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: markPath, withDestinationPath: scratch.path + "/elsewhere")
    #expect(throws: StoreError.self) { try OrderStore(path: scratch.database) }
  }

  /// The descriptor under the store's hands is exchanged for one that takes no writes.
  @Test func `after a mark that could not be written nothing more is committed`() throws {
    let store = try OrderStore(path: scratch.database)
    var recorded = try Recorded("a", in: store)
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    let owned = try #require(
      names.first { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(
          atPath: "/proc/self/fd/\(name)")
        return target?.hasSuffix(markPath.split(separator: "/").suffix(2).joined(separator: "/"))
          == true
      }.flatMap { CInt($0) })
    let readOnly = unsafe open(markPath, O_RDONLY | O_CLOEXEC)
    #expect(dup2(readOnly, owned) == owned)
    close(readOnly)
    try recorded.arm(in: store)
    store.finishMarks()
    #expect(throws: StoreError.unusablePath("write \(markPath): Bad file descriptor")) {
      try recorded.take(.acknowledged(orderID: "1"), in: store)
    }
    // The order is on record as one that may have left.
    #expect(try store.loadState(now: noon).live.map(\.order.status) == [.submitted])
    #expect(try mark().armed == 0)
  }
}
