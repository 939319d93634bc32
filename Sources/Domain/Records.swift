package import JSON

/// Where a signal came from.
package enum SignalOrigin: Hashable, Sendable {
  /// The file's name in the spool, as bytes: it need not be text.
  case file([UInt8])
  /// The peer, as the kernel named it.
  case socket(String)

  /// For the history and the journal. A name that is UTF-8 stands as it is; of any other each byte that
  /// is no character of ASCII, and the backslash, becomes `\xNN`: two such names are two texts.
  package var text: String {
    switch self {
    case .file(let name): "file " + (String(validating: name, as: UTF8.self) ?? Self.escaped(name))
    case .socket(let peer): "socket " + peer
    }
  }

  private static func escaped(_ name: [UInt8]) -> String {
    name.map { byte in
      byte < 0x80 && byte != UInt8(ascii: "\\")
        ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
    }.joined()
  }
}

/// A signal that is remembered for good.
package struct SignalRecord: Hashable, Sendable {
  package let signalID: SignalID
  package let symbol: Symbol
  package let side: Side
  package let type: OrderType
  /// SHA-256 of the signal's canonical text: tells a duplicate from a conflict.
  package let contentDigest: [UInt8]
  /// The bytes as they came, for reading them again after a restart.
  package let raw: [UInt8]
  package let origin: SignalOrigin
  package let receivedAt: WallTime
  package let expiresAt: WallTime
  package let clientOrderID: ClientOrderID
  package var decision: DecisionCode
  package var message: String
  package var decidedAt: WallTime

  /// The message of one whose order was found after it had counted as not placed.
  package static let foundLate = "found late"
  package var isFoundLate: Bool { decision == .accepted && message == Self.foundLate }

  package init(
    signalID: SignalID, symbol: Symbol, side: Side, type: OrderType, contentDigest: [UInt8],
    raw: [UInt8], origin: SignalOrigin, receivedAt: WallTime, expiresAt: WallTime,
    clientOrderID: ClientOrderID, decision: DecisionCode, message: String, decidedAt: WallTime
  ) {
    self.signalID = signalID
    self.symbol = symbol
    self.side = side
    self.type = type
    self.contentDigest = contentDigest
    self.raw = raw
    self.origin = origin
    self.receivedAt = receivedAt
    self.expiresAt = expiresAt
    self.clientOrderID = clientOrderID
    self.decision = decision
    self.message = message
    self.decidedAt = decidedAt
  }
}

/// Who sent a signal, as its bytes say it too: a start counts the signals of sources, and need not read
/// their bytes for that.
package struct SignalSender: Hashable, Sendable {
  package let source: String?
  /// Whether the source gave the signal a number.
  package let isNumbered: Bool

  package init(source: String? = nil, isNumbered: Bool = false) {
    self.source = source
    self.isNumbered = isNumbered
  }
}

/// One row of the append-only history.
package struct HistoryEvent: Equatable, Sendable {
  package enum Subject: Hashable, Sendable {
    case daemon
    case signal(SignalID)
    case order(OrderKey)
  }

  private enum Content: Sendable {
    indirect case order(OrderEvent)
    case other(kind: String, detail: JSONValue)
  }

  package let at: WallTime
  package let subject: Subject
  private let content: Content

  package init(at: WallTime, subject: Subject, kind: String, detail: JSONValue) {
    self.at = at
    self.subject = subject
    content = .other(kind: kind, detail: detail)
  }

  /// What happened to an order. Its detail becomes text at once when it is stored.
  package init(at: WallTime, order: OrderKey, event: OrderEvent) {
    self.at = at
    subject = .order(order)
    content = .order(event)
  }

  package var kind: String {
    switch content {
    case .order(let event): event.kind
    case .other(let kind, _): kind
    }
  }

  package var detail: JSONValue {
    switch content {
    case .order(let event): event.detail
    case .other(_, let detail): detail
    }
  }

  /// Appends the compact text of `detail`; a U+0000 becomes U+FFFD.
  package func appendDetail(to output: inout [UInt8]) {
    switch content {
    case .order(let event): event.appendDetail(to: &output, replacingNUL: true)
    case .other(_, let detail): detail.appendCompactText(to: &output, replacingNUL: true)
    }
  }

  package static func == (left: HistoryEvent, right: HistoryEvent) -> Bool {
    left.at == right.at && left.subject == right.subject && left.kind == right.kind
      && left.detail == right.detail
  }
}

/// No new orders until the operator says so.
package struct HaltRecord: Hashable, Sendable {
  package var reason: String
  package var since: WallTime
  package var scope: HaltScope

  package init(reason: String, since: WallTime, scope: HaltScope = .all) {
    self.reason = reason
    self.since = since
    self.scope = scope
  }
}

/// Which orders a halt keeps back.
package enum HaltScope: String, CaseIterable, Hashable, Sendable {
  /// Every one.
  case all
  /// What adds to what is held. At a spot exchange a sell takes from it: what is not held cannot be
  /// sold.
  case buys

  package func holdsBack(_ side: Side) -> Bool {
    switch self {
    case .all: true
    case .buys: side == .buy
    }
  }

  /// What holds, for people.
  package var words: String {
    switch self {
    case .all: "trading is halted"
    case .buys: "trading is halted but for sells"
    }
  }
}

/// The database was found to be older than what was sent from here. Until the operator ends it, every
/// signal is looked for at the exchange before it may leave.
package struct CarefulRecord: Hashable, Sendable {
  package var reason: String
  package var since: WallTime

  package init(reason: String, since: WallTime) {
    self.reason = reason
    self.since = since
  }
}

/// The exchange wants a back-off until then. `wait` is the longest that it can still last, whatever the
/// machine's clock says after a restart. `monotonicUntil` is the same end on the monotonic clock: it
/// holds within one boot of the machine, however its civil clock is set.
package struct BanRecord: Hashable, Sendable {
  package var until: WallTime
  package var wait: Duration
  package var isBan: Bool
  package var reason: String
  package var monotonicUntil: MonotonicTime?

  package init(
    until: WallTime, wait: Duration, isBan: Bool, reason: String,
    monotonicUntil: MonotonicTime? = nil
  ) {
    self.until = until
    self.wait = wait
    self.isBan = isBan
    self.reason = reason
    self.monotonicUntil = monotonicUntil
  }
}

/// One change of the stored state. The changes of a turn are committed together.
///
/// Indirect, as they are handed on more often than they are looked into: a copy is one reference.
package indirect enum StoreWrite: Equatable, Sendable {
  /// Where the sender is not told, a start looks for it in the record's bytes. `mayHaveLeft`: an earlier
  /// run may have sent its order, which holds until the exchange was asked.
  case insertSignal(SignalRecord, from: SignalSender? = nil, mayHaveLeft: Bool = false)
  case updateDecision(SignalID, DecisionCode, String, at: WallTime)
  /// Inserts the order or replaces it whole.
  case putOrder(Order)
  case appendEvent(HistoryEvent)
  /// `nil` lifts it.
  case setHalt(HaltRecord?)
  /// `nil` ends it.
  case setCareful(CarefulRecord?)
  /// Inserts the owner or replaces it. A database that was used keeps its mode and account.
  case setOwner(DatabaseOwner)
  case setBan(BanRecord?)
  case setRateUsage(RateUsageRecord)
  /// The rejected orders that are watched for all the same.
  case setWatched([OrderKey])
}

/// What a start needs to know of the past.
package struct StoredState: Equatable, Sendable {
  /// Orders that are not at their end, with their signals, oldest first.
  package var live: [StoredOrder]
  /// What orders that are over hold of the risk limits of the last 24 hours, oldest first.
  package var reservations: [Reservation]
  /// The signals with a source that were accepted in the last hour, oldest first.
  package var sourceSignals: [SourceSignal]
  /// The highest number that each source gave its signals lately.
  package var sequences: [String: Int64]
  package var halt: HaltRecord?
  package var careful: CarefulRecord?
  package var ban: BanRecord?
  package var rateUsage: RateUsageRecord?
  /// What an earlier run read of the venue; no part of the database.
  package var venue: VenueFacts?
  /// Signals that may be known to the database, or may have been lost by it after their orders left; no
  /// part of it. Oldest first.
  package var unrecorded: [IntakeRecord] = []

  package init(
    live: [StoredOrder] = [], reservations: [Reservation] = [],
    sourceSignals: [SourceSignal] = [], sequences: [String: Int64] = [:],
    halt: HaltRecord? = nil, careful: CarefulRecord? = nil, ban: BanRecord? = nil,
    rateUsage: RateUsageRecord? = nil, venue: VenueFacts? = nil
  ) {
    self.venue = venue
    self.live = live
    self.reservations = reservations
    self.sourceSignals = sourceSignals
    self.sequences = sequences
    self.halt = halt
    self.careful = careful
    self.ban = ban
    self.rateUsage = rateUsage
  }
}

/// A signal as it was read, on the disk by itself.
package struct IntakeRecord: Hashable, Sendable {
  package let id: SignalID
  package let raw: [UInt8]
  package let origin: SignalOrigin
  /// When a file was last changed, or a line was read.
  package let arrivedAt: WallTime
  package let readAt: WallTime
  /// Under which it was read.
  package let boot: String

  package init(
    id: SignalID, raw: [UInt8], origin: SignalOrigin, arrivedAt: WallTime, readAt: WallTime,
    boot: String
  ) {
    self.id = id
    self.raw = raw
    self.origin = origin
    self.arrivedAt = arrivedAt
    self.readAt = readAt
    self.boot = boot
  }
}

package struct StoredOrder: Hashable, Sendable {
  package var signal: SignalRecord
  package var order: Order
  /// The record of its leaving may have been lost: that it is not armed proves nothing.
  package var mayHaveLeft: Bool

  package init(signal: SignalRecord, order: Order, mayHaveLeft: Bool = false) {
    self.signal = signal
    self.order = order
    self.mayHaveLeft = mayHaveLeft
  }

  /// It was refused when it came, and waits to be looked for all the same.
  package var isRefused: Bool { order.status == .new && signal.decision != .accepted }
}

/// What one order takes from the limits of the last minute and the last 24 hours.
package struct Reservation: Hashable, Sendable {
  package var at: WallTime
  /// `nil` where a market order's price was never known, or the order never came to the exchange.
  package var quote: FixedDecimal?

  package init(at: WallTime, quote: FixedDecimal?) {
    self.at = at
    self.quote = quote
  }

  /// A market order may cost more than it was judged by: what was spent is counted then.
  package init(at: WallTime, reserved: FixedDecimal?, executed: FixedDecimal) {
    self.init(at: at, quote: executed.isPositive ? max(reserved ?? .zero, executed) : reserved)
  }
}

/// That a signal of a source was accepted.
package struct SourceSignal: Hashable, Sendable {
  package var source: String
  package var at: WallTime

  package init(source: String, at: WallTime) {
    self.source = source
    self.at = at
  }
}

/// Weight used in the current windows of the exchange's rate limits.
package struct RateUsage: Hashable, Sendable {
  package var ip: Int
  package var uid: Int
  package var orders: Int

  package init(ip: Int, uid: Int, orders: Int) {
    self.ip = ip
    self.uid = uid
    self.orders = orders
  }

  package static let zero = RateUsage(ip: 0, uid: 0, orders: 0)

  package static func + (left: RateUsage, right: RateUsage) -> RateUsage {
    RateUsage(
      ip: left.ip + right.ip, uid: left.uid + right.uid, orders: left.orders + right.orders)
  }
}

/// What runs that are over may have sent until then.
package struct PastUsage: Hashable, Sendable {
  package var usage: RateUsage
  package var at: MonotonicTime

  package init(usage: RateUsage, at: MonotonicTime) {
    self.usage = usage
    self.at = at
  }
}

/// The last stored reading of the windows: after a restart the exchange still counts it.
package struct RateUsageRecord: Hashable, Sendable {
  /// Of the run that writes it, and what it may use more before the next record.
  package var own: RateUsage
  /// What it still counts of the runs before it, oldest first.
  package var earlier: [PastUsage]
  /// By both clocks: the civil one may be set, and the monotonic one begins anew with every boot.
  package var at: Moment

  package init(own: RateUsage, earlier: [PastUsage], at: Moment) {
    self.own = own
    self.earlier = earlier
    self.at = at
  }

  /// As a program writes it that does not tell its own use from that of the runs before it.
  package init(usage: RateUsage, at: Moment) {
    self.init(own: usage, earlier: [], at: at)
  }

  /// All of it.
  package var usage: RateUsage { earlier.map(\.usage).reduce(own, +) }
}
