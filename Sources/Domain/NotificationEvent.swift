import JSON

/// What the operator can be told of by a command. The raw values are stable: configurations name them,
/// and the command gets them.
package enum NotificationEvent: String, CaseIterable, Hashable, Sendable {
  case notFound = "not_found"
  case halted
  case resumed
  case sourceSilent = "source_silent"
  case sequenceGap = "sequence_gap"
  case backOff = "back_off"
  case exchangeUnreachable = "exchange_unreachable"
  case keyExpiring = "key_expiring"
  case storageUnavailable = "storage_unavailable"

  /// The kind of the history's row that brings it about; `nil` for a state of the daemon, which is in
  /// no history.
  package var historyKind: String? {
    switch self {
    case .notFound: OrderEvent.notFoundKind
    case .halted: HistoryEvent.haltedKind
    case .resumed: HistoryEvent.resumedKind
    case .sourceSilent: HistoryEvent.sourceSilentKind
    case .sequenceGap: HistoryEvent.sequenceGapKind
    case .backOff: HistoryEvent.silenceDemandedKind
    case .exchangeUnreachable, .keyExpiring, .storageUnavailable: nil
    }
  }

  /// One sentence for a person; a test compares the README's table with it.
  package var meaning: String {
    switch self {
    case .notFound: "An order was sent, or may have been, and it is not to be found."
    case .halted: "Trading is halted, by the operator or by a rule."
    case .resumed: "The operator has ended a halt."
    case .sourceSilent: "A source that promised heartbeats has fallen silent."
    case .sequenceGap: "Signals of a source are missing, by the numbers that it gives them."
    case .backOff: "The exchange demands a back-off, or bans this address."
    case .exchangeUnreachable:
      "There has been no connection to the exchange, or no answer from it, for 20 seconds."
    case .keyExpiring: "The API key ends within ten days; told once for each day that is left."
    case .storageUnavailable: "The database cannot be written; no signal is taken."
    }
  }

  /// What to do about it, as far as the event alone tells.
  fileprivate var advice: String {
    switch self {
    case .notFound:
      "compare with the exchange's own list, then 'mexc-signalctl resolve SIGNAL_ID --placed "
        + "ORDER_ID' if it is there, or '--not-placed' if it is not"
    case .halted: "when the cause is gone, 'mexc-signalctl resume'"
    case .resumed: "nothing is to be done"
    case .sourceSilent: "look at the program that makes its signals"
    case .sequenceGap: "look at the program that makes its signals, and for what was lost"
    case .backOff: BanRecord.adviceWhenThrottled
    case .exchangeUnreachable: "'mexc-signalctl doctor' says what is in the way"
    case .keyExpiring: "make another key at the exchange and give it to the daemon"
    case .storageUnavailable: "look at the disk; trading goes on once the database takes writes"
    }
  }
}

/// Something that the operator is to be told of.
package struct Notification: Hashable, Sendable {
  package var event: NotificationEvent
  package var at: WallTime
  /// What it is about: of one event and subject there is one notification.
  package var subject: String
  package var signal: SignalID?
  /// What happened, for a person.
  package var message: String

  package init(
    _ event: NotificationEvent, at: WallTime, subject: String, signal: SignalID? = nil,
    message: String
  ) {
    self.event = event
    self.at = at
    self.subject = subject
    self.signal = signal
    self.message = message
  }
}

extension Notification {
  private static let refusedByFirewall = "the exchange's firewall refuses this machine: "

  /// What to do about it. It is kept as event and message, which tell a firewall from a limit.
  package var advice: String {
    event == .backOff && message.hasPrefix(Self.refusedByFirewall)
      ? BanRecord.adviceWhenBlocked : event.advice
  }

  private static func backOff(_ reason: String, isBan: Bool) -> String {
    if reason.hasPrefix(BanRecord.blocked) {
      return refusedByFirewall + reason.dropFirst(BanRecord.blocked.count)
    }
    return (isBan ? "the exchange banned this address: " : "the exchange demands a back-off: ")
      + reason
  }

  /// What a row of the history tells, if it is of a kind that is told.
  package init?(_ history: HistoryEvent, row: Int64) {
    guard let event = NotificationEvent.allCases.first(where: { $0.historyKind == history.kind })
    else { return nil }
    let detail = { (name: String) in history.detail[name]?.stringValue ?? "?" }
    let message: String
    switch event {
    case .notFound: message = "an order is not found: \(detail("message"))"
    case .halted:
      let isAll = detail("scope") != HaltScope.buys.rawValue
      message = "trading is halted\(isAll ? "" : " but for sells"): \(detail("reason"))"
    case .resumed: message = "trading is resumed by the operator"
    case .sourceSilent: message = "nothing is heard of the source \"\(detail("source"))\""
    case .sequenceGap:
      let found = history.detail["found"]?.integerValue ?? 0
      let expected = history.detail["expected"]?.integerValue ?? 0
      message =
        "signals of the source \"\(detail("source"))\" are missing: \(expected) was expected, and "
        + "\(found) came"
    case .backOff:
      message = Self.backOff(detail("reason"), isBan: history.detail["ban"]?.boolValue == true)
    case .exchangeUnreachable, .keyExpiring, .storageUnavailable: return nil
    }
    let signal: SignalID?
    switch history.subject {
    case .daemon: signal = nil
    case .signal(let id): signal = id
    case .order(let key): signal = key.signal
    }
    self.init(
      event, at: history.at, subject: "row \(row)", signal: signal, message: message)
  }
}
