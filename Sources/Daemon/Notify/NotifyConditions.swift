import Domain
import Store
import Transport

/// States of the daemon that the operator is told of when they begin: they stand in no history.
struct NotifyConditions {
  /// What the states are read from.
  struct Facts {
    var connections: HTTPClientStatus?
    var key: KeyInformation?
    var storageError: StoreError?
  }

  /// A connection that is made again at once is nobody's business.
  static let unreachableAfter = ExchangeOutage.answerTimeout

  private var unreachableSince: Moment?
  private var isUnreachableTold = false
  private var isStorageTold = false
  private var toldDays: Int?

  /// What is to be told and has begun since the last look, or was not to be told until now.
  mutating func begun(
    _ facts: Facts, wanted: Set<NotificationEvent>, at now: Moment
  ) -> [Notification] {
    [
      unreachable(facts.connections, wanted, now),
      wanted.contains(.keyExpiring) ? expiring(facts.key, now) : nil,
      storage(facts.storageError, wanted, now),
    ].compactMap(\.self)
  }

  private mutating func unreachable(
    _ connections: HTTPClientStatus?, _ wanted: Set<NotificationEvent>, _ now: Moment
  ) -> Notification? {
    // Without a store there is no client, which says nothing of the exchange.
    guard let connections else { return nil }
    guard let outage = ExchangeOutage(connections, at: now.monotonic) else {
      unreachableSince = nil
      isUnreachableTold = false
      return nil
    }
    let asked = connections.unanswered.map { now.advanced(by: $0.since.since(now.monotonic)) }
    let since = unreachableSince ?? asked ?? now
    unreachableSince = since
    guard wanted.contains(.exchangeUnreachable), !isUnreachableTold,
      now.monotonic.since(since.monotonic) >= Self.unreachableAfter
    else { return nil }
    isUnreachableTold = true
    return Notification(
      .exchangeUnreachable, at: now.wall, subject: "since \(since.wall.milliseconds)",
      message: outage.message)
  }

  /// The outbox knows for which days earlier runs told it, and may not take what is told now.
  private mutating func expiring(_ key: KeyInformation?, _ now: Moment) -> Notification? {
    // Where the key is not known, what was told of it stays told.
    guard let key else { return nil }
    guard let days = key.daysLeft, days < KeyInformation.warningDays else {
      toldDays = nil
      return nil
    }
    if days == toldDays { return nil }
    toldDays = days
    return Notification(
      .keyExpiring, at: now.wall, subject: "\(days) days",
      message: "the API key has \(days) days left")
  }

  private mutating func storage(
    _ error: StoreError?, _ wanted: Set<NotificationEvent>, _ now: Moment
  ) -> Notification? {
    guard let error else {
      isStorageTold = false
      return nil
    }
    guard wanted.contains(.storageUnavailable), !isStorageTold else { return nil }
    isStorageTold = true
    return Notification(
      .storageUnavailable, at: now.wall, subject: "since \(now.wall.milliseconds)",
      message: error.outage)
  }
}
