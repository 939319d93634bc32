import Configuration
import Domain
import Intake
import Platform
import Store

/// Sees to what is removed because it is old, beside the trading: after the start, then once an hour.
///
/// Nothing is removed by a clock that may be wrong. One that jumped a year ahead would make everything
/// old at once; so the exchange's must have been read, and the two must agree.
final class Housekeeping {
  private static let interval = Duration.seconds(3_600)
  /// While the exchange's clock is not known; also after the start, which is busy enough.
  private static let shortInterval = Duration.seconds(2)
  /// Between two steps of compaction: 50 signals a second.
  private static let compactionInterval = Duration.milliseconds(100)
  /// Ages are counted in days.
  private static let tolerance = Duration.seconds(3_600)

  private let loop: EventLoop
  private let logger: Logger
  private let store: OrderStore
  private let settings: () -> Configuration
  /// The exchange's clock minus this machine's; nil while it is not known.
  private let clockOffset: () -> Duration?
  private let wall: () -> WallTime
  private let tidying: SpoolTidying
  private let storeFailed: (StoreError) -> Void
  private var timer: EventLoop.TimerID?
  private var compactionTimer: EventLoop.TimerID?
  private var compacted = (signals: 0, events: 0)

  init(
    loop: EventLoop, logger: Logger, store: OrderStore, spool: String,
    settings: @escaping () -> Configuration, clockOffset: @escaping () -> Duration?,
    wall: @escaping () -> WallTime = Clock.wall, storeFailed: @escaping (StoreError) -> Void
  ) {
    self.loop = loop
    self.logger = logger
    self.store = store
    self.settings = settings
    self.clockOffset = clockOffset
    self.wall = wall
    self.storeFailed = storeFailed
    tidying = SpoolTidying(path: spool, loop: loop)
    schedule(in: Self.shortInterval)
  }

  deinit {
    for timer in [timer, compactionTimer].compactMap(\.self) { loop.cancel(timer) }
  }

  private func schedule(in interval: Duration) {
    timer = loop.schedule(at: loop.now.advanced(by: interval)) { [weak self] in self?.begin() }
  }

  private func begin() {
    guard let offset = clockOffset() else { return schedule(in: Self.shortInterval) }
    schedule(in: Self.interval)
    guard Self.isTolerable(offset) else { return tellClock(offset) }
    tidySpool(at: wall())
    if compactionTimer == nil { scheduleCompaction() }
  }

  private static func isTolerable(_ offset: Duration) -> Bool {
    offset.magnitude <= tolerance
  }

  private func tellClock(_ offset: Duration) {
    logger.log(
      .warning,
      "old files and signals are not removed: this machine's clock and the exchange's are more than an "
        + "hour apart",
      [
        LogField("offset_ms", offset.wholeMilliseconds),
        LogField("advice", "check the clock of this machine ('timedatectl')"),
      ])
  }

  // MARK: Files

  private func tidySpool(at now: WallTime) {
    do {
      try tidying.begin(
        // A reload may raise it while a round goes on.
        before: { [settings] in now.advanced(by: .zero - settings().intake.keepTime) },
        keeping: try store.reader.filesOfOrdersNotFound().map {
          SpoolTidying.Kept($0.name, receivedAt: $0.receivedAt, overAt: $0.overAt)
        }
      ) { [logger] count in Self.tell(count, to: logger) }
    } catch {
      logger.log(
        .warning, "old files in done/ and rejected/ are not removed; it is tried again in an hour",
        [LogField("error", "\(error)")])
    }
  }

  private static func tell(_ count: SpoolTidying.Count, to logger: Logger) {
    if let failure = count.failure {
      logger.log(
        .warning, "old files in done/ or rejected/ could not be removed",
        [
          LogField("removed", count.removed), LogField("failed", count.failed),
          LogField("error", "\(failure)"),
          LogField("advice", "give the daemon's user the right to write to these folders"),
        ])
    } else {
      logger.log(
        count.removed == 0 ? .debug : .info,
        "files older than intake.keep_days are removed from done/ and rejected/",
        [LogField("removed", count.removed)])
    }
  }

  // MARK: Signals

  private func scheduleCompaction() {
    compactionTimer = loop.schedule(at: loop.now.advanced(by: Self.compactionInterval)) {
      [weak self] in
      self?.compactionTimer = nil
      self?.compact()
    }
  }

  /// One step, unless something is not in the database yet: whatever that is goes first, and is not lost
  /// with a step that fails.
  private func compact() {
    // The clock may have jumped since the step before.
    guard let offset = clockOffset() else { return interruptCompaction() }
    guard Self.isTolerable(offset) else {
      tellClock(offset)
      return interruptCompaction()
    }
    if store.hasUncommittedWrites || store.isBehind { return scheduleCompaction() }
    let now = wall()
    let moment = now.advanced(by: .zero - settings().store.retentionTime)
    do throws(StoreError) {
      let step = try Compaction(store).step(before: moment, at: now)
      if step.isEmpty { return endCompaction() }
      compacted.signals += step.signals
      compacted.events += step.events
      scheduleCompaction()
    } catch {
      fail(error)
    }
  }

  private func endCompaction() {
    tellCompacted(
      "the history of signals older than store.retention_days is removed; their ids stay")
  }

  private func interruptCompaction() {
    tellCompacted(
      "a part of the history of signals older than store.retention_days is removed; the rest waits for "
        + "the clock")
  }

  private func tellCompacted(_ text: String) {
    let level: LogLevel = compacted == (0, 0) ? .debug : .info
    logger.log(
      level, text,
      [LogField("signals", compacted.signals), LogField("events", compacted.events)])
    compacted = (0, 0)
  }

  /// Nothing of the step is in the store. Trading goes on without it, unless the disk failed.
  private func fail(_ error: StoreError) {
    if error.isDiskFailure { return storeFailed(error) }
    logger.log(
      .warning, "the history of old signals is not removed; it is tried again in an hour",
      [LogField("error", "\(error)")])
  }
}
