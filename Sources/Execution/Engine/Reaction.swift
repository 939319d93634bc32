import Domain
import JSON

/// What one input leads to: its effects so far, and when the engine wants to be called again.
struct Reaction: Sendable {
  let now: Moment
  private(set) var effects: [Effect] = []
  private(set) var deadline: MonotonicTime?

  /// Room for those of a signal whose order leaves at once.
  private static let usualEffects = 16

  init(at now: Moment) {
    self.now = now
    effects.reserveCapacity(Self.usualEffects)
  }

  /// Asks for a call at `time`, or sooner.
  mutating func wake(at time: MonotonicTime) {
    deadline = min(deadline ?? time, time)
  }

  mutating func add(_ effect: Effect) {
    effects.append(effect)
  }

  mutating func write(_ write: StoreWrite) {
    effects.append(.write(write))
  }

  mutating func record(_ kind: String, _ detail: JSONValue, on subject: HistoryEvent.Subject) {
    write(.appendEvent(HistoryEvent(at: now.wall, subject: subject, kind: kind, detail: detail)))
  }

  mutating func record(_ event: OrderEvent, on order: OrderKey) {
    write(.appendEvent(HistoryEvent(at: now.wall, order: order, event: event)))
  }

  mutating func log(
    _ level: LogEntry.Level, _ message: String, _ fields: [(String, String)] = [],
    kind: LogKind? = nil
  ) {
    add(level, message, fields.map { LogEntry.Field($0.0, $0.1) }, kind)
  }

  /// A line about an order; the ids stand on every one of them.
  mutating func log(
    _ level: LogEntry.Level, _ message: String, _ order: Order, _ fields: [(String, String)] = [],
    kind: LogKind? = nil
  ) {
    var all: [LogEntry.Field] = []
    all.reserveCapacity(3 + fields.count)
    all.append(LogEntry.Field("signal_id", order.key.signal.text))
    all.append(LogEntry.Field("client_order_id", order.request.clientOrderID.text))
    all.append(LogEntry.Field("symbol", order.request.symbol.text))
    for (key, value) in fields { all.append(LogEntry.Field(key, value)) }
    add(level, message, all, kind)
  }

  private mutating func add(
    _ level: LogEntry.Level, _ message: String, _ fields: [LogEntry.Field], _ kind: LogKind?
  ) {
    effects.append(.log(LogEntry(level: level, message: message, fields: fields, kind: kind)))
  }

  mutating func reply(_ token: CommandToken, ok: Bool, _ message: String) {
    effects.append(.answerCommand(token, CommandAnswer(ok: ok, message: message)))
  }

  var sends: Bool {
    effects.contains { if case .send = $0 { true } else { false } }
  }

  /// Nothing of this input leaves before its writes are durable.
  mutating func holdForCommit() {
    for index in effects.indices {
      guard case .send(var dispatch) = effects[index] else { continue }
      dispatch.barrier = .durable
      effects[index] = .send(dispatch)
    }
  }
}
