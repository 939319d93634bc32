import Configuration
import Domain
import Execution
import Platform
import Store

/// Runs the operator's command for what the operator wants to be told, one at a time, in order, until it
/// succeeds. It does nothing within a turn that trades: it looks at the outbox when the turn is over.
final class Notifier {
  private static let firstPause: Duration = .seconds(1)
  private static let longestPause: Duration = .seconds(300)
  /// How often states of the daemon are looked at.
  private static let lookInterval: Duration = .seconds(5)
  /// What has waited longer when a command is set again is news to nobody.
  private static let longestWithoutCommand: Duration = .seconds(86_400)
  /// Of what cannot be written down, because the disk does not take it.
  private static let unwrittenMaximum = 16

  private struct Delivery {
    let id: Int64?
    let notification: Notification
    let words: [String]
    let command: ChildCommand
    let limit: EventLoop.TimerID
  }

  private let loop: EventLoop
  private let logger: Logger
  private let store: OrderStore
  private let outbox: Outbox
  private let metrics: Metrics
  private let settings: () -> Configuration
  private let facts: () -> NotifyConditions.Facts
  private let now: () -> MonotonicTime
  private let storeFailed: (StoreError) -> Void
  private var conditions = NotifyConditions()
  /// To be written down when the turn is over.
  private var begun: [Notification] = []
  private var unwritten: [Notification] = []
  /// Its command succeeded, and the database has not taken that yet: it is not run again.
  private var told: Int64?
  private var delivery: Delivery?
  private var backOff = BackOff(first: firstPause, longest: longestPause)
  private var pause: EventLoop.TimerID?
  private var look: EventLoop.TimerID?
  private var lastFailure: String?
  /// Since when no command was set.
  private var withoutCommandSince: MonotonicTime?

  /// Throws when the database cannot be read.
  init(
    loop: EventLoop, logger: Logger, store: OrderStore, metrics: Metrics,
    settings: @escaping () -> Configuration,
    facts: @escaping () -> NotifyConditions.Facts, storeFailed: @escaping (StoreError) -> Void,
    now: @escaping () -> MonotonicTime = Clock.monotonic
  ) throws(StoreError) {
    self.loop = loop
    self.logger = logger
    self.store = store
    outbox = try Outbox(store)
    self.metrics = metrics
    self.settings = settings
    self.facts = facts
    self.storeFailed = storeFailed
    self.now = now
    reconfigured()
  }

  deinit {
    for timer in [pause, look, delivery?.limit].compactMap(\.self) { loop.cancel(timer) }
    // It is delivered again by the next start.
    delivery?.command.stop()
  }

  private var notify: Configuration.Notify { settings().notify }

  /// The settings may have changed.
  func reconfigured() {
    store.writer.notified = notify.command == nil ? [] : Set(notify.events)
    store.writer.mayHaveNotifications = notify.command != nil
    for timer in [look, pause].compactMap(\.self) { loop.cancel(timer) }
    (look, pause) = (nil, nil)
    backOff.reset()
    lastFailure = nil
    if notify.command != nil {
      scheduleLook()
    } else {
      // Without looks their ends go by unseen.
      conditions = NotifyConditions()
      withoutCommandSince = withoutCommandSince ?? now()
    }
  }

  /// Called when a turn is over. What the next one has to commit already goes first.
  func endOfTurn() {
    if store.hasUncommittedWrites { return }
    if !begun.isEmpty { writeDown() }
    if let delivery, let ending = delivery.command.ending { end(delivery, ending) }
    guard pause == nil, delivery == nil, store.writer.mayHaveNotifications || !unwritten.isEmpty,
      let command = notify.command
    else { return }
    if let (id, notification) = next() { deliver(notification, id, by: command) }
  }

  /// How many notifications are still to be told; `nil` when the database cannot be read.
  var waiting: Int? { (try? outbox.waiting()).map { $0 + unwritten.count } }

  /// What is wrong with the command, for `status`.
  var trouble: Trouble? {
    lastFailure.map { failure in
      Trouble(
        subject: .daemon, message: "the notify command fails, and is tried again: \(failure)",
        advice: Self.advice)
    }
  }

  private static let advice =
    "run notify.command by hand as the daemon's user; under systemd, name it and what it runs in "
    + "ExecPaths= of the unit"

  // MARK: States of the daemon

  private func scheduleLook() {
    look = loop.schedule(at: loop.now.advanced(by: Self.lookInterval)) { [weak self] in
      guard let self else { return }
      scheduleLook()
      lookAround()
    }
  }

  /// Called every few seconds, and at once when the database cannot be used any more.
  func lookAround() {
    if notify.command == nil { return }
    begun += conditions.begun(facts(), wanted: Set(notify.events), at: Clock.now())
  }

  private func writeDown() {
    // A write that fails may have others begin.
    let notifications = begun
    begun = []
    for notification in notifications {
      do throws(StoreError) {
        try outbox.add(notification)
      } catch {
        if unwritten.count < Self.unwrittenMaximum { unwritten.append(notification) }
        failed(error)
      }
    }
  }

  // MARK: Delivery

  private func next() -> (Int64?, Notification)? {
    if let first = unwritten.first { return (nil, first) }
    if let told, !writeDelivered(told) { return nil }
    do throws(StoreError) {
      let dropped = try outbox.dropExcess()
      if dropped > 0 {
        tellDropped(dropped, "too many notifications wait for notify.command; the oldest")
      }
      try dropOld()
      if let item = try outbox.first() { return (item.id, item.notification) }
      store.writer.mayHaveNotifications = false
    } catch {
      failed(error)
      rest()
    }
    return nil
  }

  private func dropOld() throws(StoreError) {
    guard let withoutCommandSince else { return }
    let time = now().since(withoutCommandSince)
    let end = Clock.wall().advanced(by: .zero - Self.longestWithoutCommand)
    let dropped = time > Self.longestWithoutCommand ? try outbox.drop(before: end) : 0
    self.withoutCommandSince = nil
    guard dropped > 0 else { return }
    tellDropped(dropped, "there was no notify.command; notifications of more than a day ago")
  }

  private func deliver(_ notification: Notification, _ id: Int64?, by words: [String]) {
    let message = NotifyMessage(
      notification: notification, id: id, configuration: settings())
    let waker = loop.waker
    let command = ChildCommand.start(
      words, environment: message.environment, input: message.input
    ) { waker.post {} }
    let limit = loop.schedule(at: loop.now.advanced(by: notify.timeout)) { command.stop() }
    delivery = Delivery(
      id: id, notification: notification, words: words, command: command, limit: limit)
  }

  private func end(_ delivery: Delivery, _ ending: ChildCommand.Ending) {
    loop.cancel(delivery.limit)
    self.delivery = nil
    metrics.notified(ending == .exited(0))
    guard ending == .exited(0) else { return retry(delivery, ending) }
    lastFailure = nil
    logger.log(.info, "the notify command was run", fields(of: delivery))
    if let id = delivery.id {
      writeDelivered(id)
    } else {
      unwritten.removeFirst()
      backOff.reset()
    }
  }

  @discardableResult
  private func writeDelivered(_ id: Int64) -> Bool {
    do throws(StoreError) {
      try outbox.delivered(id, at: Clock.wall())
      told = nil
      backOff.reset()
      return true
    } catch {
      told = id
      failed(error)
      rest()
      return false
    }
  }

  private func retry(_ delivery: Delivery, _ ending: ChildCommand.Ending) {
    // It says nothing of the command that is set by now, if there is one.
    guard delivery.words == notify.command else { return }
    lastFailure = "\(ending)"
    let wait = rest()
    logger.log(
      .warning, "the notify command failed: \(ending); it is tried again",
      fields(of: delivery) + [
        LogField("wait_ms", wait.wholeMilliseconds), LogField("advice", Self.advice),
      ], kind: .notifyFailed)
  }

  @discardableResult
  private func rest() -> Duration {
    let wait = backOff.next()
    pause = loop.schedule(at: loop.now.advanced(by: wait)) { [weak self] in self?.pause = nil }
    return wait
  }

  private func fields(of delivery: Delivery) -> [LogField] {
    [LogField("event", delivery.notification.event.rawValue)]
      + (delivery.id.map { [LogField("event_id", $0)] } ?? [])
      + (delivery.notification.signal.map { [LogField("signal_id", $0.text)] } ?? [])
  }

  private func tellDropped(_ count: Int, _ which: String) {
    logger.log(
      .error, "\(which) are given up and never told",
      [LogField("count", count), LogField("advice", Self.advice)])
  }

  /// Trading goes on without it, unless the disk failed.
  private func failed(_ error: StoreError) {
    if error.isDiskFailure { return storeFailed(error) }
    logger.log(
      .warning, "the outbox of notifications cannot be written; it is tried again",
      [LogField("error", "\(error)")])
  }
}
