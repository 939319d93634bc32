import Domain

/// One connection of the stream face: what it has subscribed to, and how long it may last.
struct StreamConnection: Sendable {
  /// MEXC spot v3, "Websocket market streams".
  static let subscriptionMaximum = 30
  static let lifeMaximum = Duration.seconds(24 * 3_600)
  static let unsubscribedMaximum = Duration.seconds(30)
  static let silenceMaximum = Duration.seconds(60)
  static let commandsPerSecond = 100

  private struct Subscription {
    let channel: PushChannel
    let name: String
    /// When best prices are to be pushed next.
    var due: MonotonicTime
  }

  let number: Int
  let listenKey: String?
  var outbox = Outbox()
  /// From a fault: nothing is pushed before then.
  var silentUntil: MonotonicTime?
  private let openedAt: MonotonicTime
  private var subscriptions: [Subscription] = []
  private var unsubscribedSince: MonotonicTime
  /// The last push or command.
  private var lastUsed: MonotonicTime
  /// Of the last second, the oldest first.
  private var commandTimes: [MonotonicTime] = []

  init(number: Int, listenKey: String?, at now: MonotonicTime) {
    self.number = number
    self.listenKey = listenKey
    openedAt = now
    unsubscribedSince = now
    lastUsed = now
  }

  var stream: StreamFaults.Stream { listenKey == nil ? .market : .user }

  /// By the channel's text.
  func isSubscribed(to name: String) -> Bool {
    subscriptions.contains { $0.name == name }
  }

  func isSilent(at now: MonotonicTime) -> Bool { silentUntil.map { now < $0 } ?? false }

  // MARK: Commands

  /// False when the client sends too many.
  mutating func noteCommand(at now: MonotonicTime) -> Bool {
    lastUsed = now
    commandTimes.removeAll { now.since($0) >= .seconds(1) }
    commandTimes.append(now)
    return commandTimes.count <= Self.commandsPerSecond
  }

  /// False when there is no room for another one.
  mutating func subscribe(to channel: PushChannel, at now: MonotonicTime) -> Bool {
    if isSubscribed(to: channel.text) { return true }
    guard subscriptions.count < Self.subscriptionMaximum else { return false }
    // No state is pushed at once.
    let first = now.advanced(by: channel.interval ?? .zero)
    subscriptions.append(Subscription(channel: channel, name: channel.text, due: first))
    return true
  }

  mutating func unsubscribe(from channel: PushChannel, at now: MonotonicTime) {
    let count = subscriptions.count
    subscriptions.removeAll { $0.channel == channel }
    if subscriptions.isEmpty && count > 0 { unsubscribedSince = now }
  }

  // MARK: Pushes

  mutating func notePush(at now: MonotonicTime) { lastUsed = now }

  /// The channels of best prices whose time has come. Intervals that were missed are left out.
  mutating func takeDueBooks(at now: MonotonicTime) -> [PushChannel] {
    var due: [PushChannel] = []
    for index in subscriptions.indices {
      let subscription = subscriptions[index]
      guard let interval = subscription.channel.interval, subscription.due <= now else { continue }
      due.append(subscription.channel)
      let missed =
        now.since(subscription.due).wholeNanoseconds / interval.wholeNanoseconds
      subscriptions[index].due = subscription.due.advanced(by: interval * Int(missed + 1))
    }
    return due
  }

  // MARK: Time

  /// Why the connection is over, in the exchange's name; `nil` while it may go on.
  func end(at now: MonotonicTime) -> String? {
    if now.since(openedAt) >= Self.lifeMaximum { return "24 hours are over" }
    if subscriptions.isEmpty {
      return now.since(unsubscribedSince) >= Self.unsubscribedMaximum
        ? "no valid subscription" : nil
    }
    return now.since(lastUsed) >= Self.silenceMaximum ? "no data flow" : nil
  }

  /// When the next push is due, or the end.
  var due: MonotonicTime {
    var due = openedAt.advanced(by: Self.lifeMaximum)
    due = min(
      due,
      subscriptions.isEmpty
        ? unsubscribedSince.advanced(by: Self.unsubscribedMaximum)
        : lastUsed.advanced(by: Self.silenceMaximum))
    for subscription in subscriptions where subscription.channel.interval != nil {
      due = min(due, subscription.due)
    }
    return min(due, outbox.due ?? due)
  }
}

extension PushChannel {
  /// Between pushes of best prices.
  fileprivate var interval: Duration? {
    if case .bookTicker(_, let milliseconds) = self { .milliseconds(milliseconds) } else { nil }
  }
}
