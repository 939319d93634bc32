import CSQLite
import Domain
import JSON
import Store
import TestKit
import Testing

/// What the operator is to be told, written down with what it tells of.
struct OutboxTests {
  let scratch: Scratch
  let store: OrderStore
  let outbox: Outbox

  init() throws {
    scratch = try Scratch()
    store = try OrderStore(path: scratch.database)
    store.writer.notified = [.halted, .notFound, .keyExpiring]
    outbox = try Outbox(store)
  }

  private func record(_ kind: String, _ subject: HistoryEvent.Subject = .daemon) throws {
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: noon, subject: subject, kind: kind, detail: ["reason": "r", "message": "m"])))
  }

  private func waiting(_ store: OrderStore) throws -> [String] {
    var told: [String] = []
    let outbox = try Outbox(store)
    while let item = try outbox.first() {
      told.append("\(item.notification.event.rawValue): \(item.notification.message)")
      try outbox.delivered(item.id, at: noon)
    }
    return told
  }

  @Test func `it is durable along with the history's row, and in its order`() throws {
    try record("halted")
    try record("order_not_found", .order(OrderKey(signal: signalID("a"))))
    // Nobody wants to be told of these.
    try record("resumed")
    try record("order_created")
    try store.commit()
    let first = try #require(try outbox.first())
    #expect(
      first.notification
        == Notification(.halted, at: noon, subject: "row 1", message: "trading is halted: r"))
    #expect(try outbox.waiting() == 2)
    try outbox.delivered(first.id, at: noon)
    let second = try #require(try outbox.first())
    #expect(try second.notification.signal == signalID("a"))
    #expect(second.notification.event == .notFound)
    #expect(store.writer.mayHaveNotifications)
  }

  @Test func `a turn that is taken back leaves nothing`() throws {
    try record("halted")
    store.rollback()
    #expect(try outbox.first() == nil)
  }

  @Test func `what waits outlives the process`() throws {
    let path = scratch("other.db")
    do {
      let store = try OrderStore(path: path)
      store.writer.notified = [.halted]
      try store.write(
        .appendEvent(
          HistoryEvent(at: noon, subject: .daemon, kind: "halted", detail: ["reason": "r"])))
      try store.commit()
    }
    let next = try OrderStore(path: path)
    #expect(next.writer.mayHaveNotifications)
    #expect(try waiting(next) == ["halted: trading is halted: r"])
    #expect(try waiting(next) == [])
  }

  @Test func `what was told long ago is told again, whatever was told since`() throws {
    let month = Duration.seconds(31 * 86_400)
    func nineDays(_ time: WallTime) -> Notification {
      Notification(.keyExpiring, at: time, subject: "9 days", message: "nine")
    }
    try outbox.add(nineDays(noon))
    #expect(try waiting(store) == ["key_expiring: nine"])
    try outbox.add(nineDays(noon.advanced(by: .seconds(1))))
    #expect(try outbox.waiting() == 0)
    try outbox.add(nineDays(noon.advanced(by: month)))
    #expect(try waiting(store) == ["key_expiring: nine"])
  }

  @Test func `what was told while the clock was ahead is told again`() throws {
    let ahead = noon.advanced(by: .seconds(400 * 86_400))
    func nineDays(_ time: WallTime) -> Notification {
      Notification(.keyExpiring, at: time, subject: "9 days", message: "nine")
    }
    try outbox.add(nineDays(ahead))
    try outbox.delivered(try #require(try outbox.first()).id, at: ahead)
    try outbox.add(nineDays(ahead))
    #expect(try outbox.waiting() == 0)
    try outbox.add(nineDays(noon))
    #expect(try waiting(store) == ["key_expiring: nine"])
    try outbox.add(nineDays(noon))
    #expect(try outbox.waiting() == 0)
  }

  @Test func `of one event and subject there is one, until it is forgotten`() throws {
    let notification = Notification(.keyExpiring, at: noon, subject: "9 days", message: "nine")
    try outbox.add(notification)
    try outbox.add(notification)
    #expect(try waiting(store) == ["key_expiring: nine"])
    try outbox.add(notification)
    #expect(try waiting(store) == [])
    try outbox.add(Notification(.keyExpiring, at: noon, subject: "8 days", message: "eight"))
    let item = try #require(try outbox.first())
    try outbox.delivered(item.id, at: noon.advanced(by: .seconds(31 * 86_400)))
    try outbox.add(notification)
    #expect(try waiting(store) == ["key_expiring: nine"])
  }

  @Test func `when too many wait, the oldest are given up`() throws {
    for number in 0..<Outbox.capacity + 3 {
      try store.write(
        .appendEvent(
          HistoryEvent(
            at: noon, subject: .daemon, kind: "halted", detail: ["reason": .integer(number)])))
    }
    try store.commit()
    #expect(try outbox.dropExcess() == 3)
    #expect(try outbox.dropExcess() == 0)
    #expect(try outbox.waiting() == Outbox.capacity)
    #expect(try outbox.first()?.notification.subject == "row 4")
  }

  @Test func `a database of the sixth version gets one`() throws {
    let path = scratch("older.db")
    let order = try Recorded("a", in: OrderStore(path: path)).order
    try Stranger(path).execute(FormerSchema.withoutOutbox + "PRAGMA user_version = 6;")
    let next = try OrderStore(path: path)
    #expect(try Stranger(path).value("PRAGMA user_version") == "11")
    #expect(try next.order(order.key) == order)
    #expect(try next.reader.audit().isClean)
    #expect(try Outbox(next).first() == nil)
  }
}
