package import Domain

/// The exchange's limits on requests, and what it does to those who pass them.
///
/// Weights count in sliding windows, orders and account reads in whole seconds of the clock. Who
/// exceeds one is told to pause; who goes on inside the pause is banned, each time for twice as long.
package struct RateLimits: Sendable {
  package struct Settings: Hashable, Sendable {
    package var ipWeight = 300
    package var uidWeight = 500
    package var window = Duration.seconds(10)
    /// New orders and cancels together.
    package var ordersPerSecond = 12
    package var accountReadsPerSecond = 2
    package var batchesPerSecond = 2
    /// Requests inside a pause that are forgiven before the ban.
    package var patience = 5
    /// The bounds of a ban (MEXC API documentation, "IP limits": from 2 minutes to 3 days).
    package var shortestBan = Duration.seconds(120)
    package var longestBan = Duration.seconds(3 * 86_400)

    package init() {}
  }

  package struct Cost: Hashable, Sendable {
    package var ipWeight: Int
    /// 0 for public requests, which no account is charged for.
    package var uidWeight = 0
    package var isOrder = false
    package var isAccountRead = false
    package var isBatch = false
  }

  package enum Verdict: Hashable, Sendable {
    case admitted
    /// HTTP 429; nothing may be sent for that long.
    case paused(Duration)
    /// HTTP 418.
    case banned(Duration)
  }

  package let settings: Settings
  /// Requests that came although the client had been told to wait.
  package private(set) var insidePause = 0
  package private(set) var insideBan = 0
  private var ip: WeightWindow
  private var uid: WeightWindow
  private var orders: SecondWindow
  private var accountReads: SecondWindow
  private var batches: SecondWindow
  private var pauseEnd: MonotonicTime?
  private var banEnd: MonotonicTime?
  private var strikes = 0
  private var bans = 0

  package init(_ settings: Settings = Settings()) {
    self.settings = settings
    ip = WeightWindow(limit: settings.ipWeight, length: settings.window)
    uid = WeightWindow(limit: settings.uidWeight, length: settings.window)
    orders = SecondWindow(limit: settings.ordersPerSecond)
    accountReads = SecondWindow(limit: settings.accountReadsPerSecond)
    batches = SecondWindow(limit: settings.batchesPerSecond)
  }

  /// Whether the client has been told to wait.
  package func isClosed(at now: MonotonicTime) -> Bool {
    [pauseEnd, banEnd].contains { $0.map { now < $0 } ?? false }
  }

  /// Counts a request that was turned away for another reason before its cost was looked at.
  package mutating func noteIntrusion(at now: MonotonicTime) {
    if let end = banEnd, now < end {
      insideBan += 1
    } else if let end = pauseEnd, now < end {
      insidePause += 1
    }
  }

  package mutating func admit(_ cost: Cost, at now: MonotonicTime) -> Verdict {
    if let end = banEnd, now < end {
      insideBan += 1
      return .banned(end.since(now))
    }
    if let end = pauseEnd, now < end {
      insidePause += 1
      strikes += 1
      if strikes <= settings.patience { return .paused(end.since(now)) }
      return .banned(startBan(at: now))
    }
    let waits = [
      ip.wait(for: cost.ipWeight, at: now), uid.wait(for: cost.uidWeight, at: now),
      cost.isOrder ? orders.wait(at: now) : .zero,
      cost.isAccountRead ? accountReads.wait(at: now) : .zero,
      cost.isBatch ? batches.wait(at: now) : .zero,
    ]
    let longest = waits.max() ?? .zero
    if longest > .zero { return .paused(pause(for: longest, at: now)) }
    ip.add(cost.ipWeight, at: now)
    uid.add(cost.uidWeight, at: now)
    if cost.isOrder { orders.add(at: now) }
    if cost.isAccountRead { accountReads.add(at: now) }
    if cost.isBatch { batches.add(at: now) }
    return .admitted
  }

  /// Begins a pause or a ban of this length at once, whatever was sent before.
  package mutating func force(_ verdict: Verdict, at now: MonotonicTime) {
    strikes = 0
    switch verdict {
    case .admitted:
      pauseEnd = nil
      banEnd = nil
    case .paused(let wait): pauseEnd = now.advanced(by: wait)
    case .banned(let wait): banEnd = now.advanced(by: wait)
    }
  }

  /// A pause lasts whole seconds: that is how the client is told of it.
  private mutating func pause(for wait: Duration, at now: MonotonicTime) -> Duration {
    let whole = Duration.seconds(wait.roundedUpToSeconds)
    pauseEnd = now.advanced(by: whole)
    strikes = 0
    return whole
  }

  private mutating func startBan(at now: MonotonicTime) -> Duration {
    let doubled = settings.shortestBan * (1 << min(bans, 12))
    let length = min(doubled, settings.longestBan)
    bans += 1
    banEnd = now.advanced(by: length)
    pauseEnd = nil
    strikes = 0
    return length
  }
}

extension Duration {
  /// At least 1: a wait of nothing is not worth a refusal.
  var roundedUpToSeconds: Int {
    max(1, Int((wholeNanoseconds + 999_999_999) / 1_000_000_000))
  }
}

/// Weights of the last `length`.
private struct WeightWindow: Sendable {
  let limit: Int
  let length: Duration
  private var entries: [(time: MonotonicTime, weight: Int)] = []
  private var first = 0
  private var sum = 0

  init(limit: Int, length: Duration) {
    self.limit = limit
    self.length = length
  }

  /// How long until `weight` fits; zero when it fits now.
  mutating func wait(for weight: Int, at now: MonotonicTime) -> Duration {
    forget(before: now)
    guard weight > 0, sum + weight > limit else { return .zero }
    var freed = 0
    for entry in entries[first...] {
      freed += entry.weight
      if sum - freed + weight <= limit { return entry.time.advanced(by: length).since(now) }
    }
    // Heavier than the whole pool: it never fits.
    return length
  }

  mutating func add(_ weight: Int, at now: MonotonicTime) {
    guard weight > 0 else { return }
    entries.append((now, weight))
    sum += weight
  }

  private mutating func forget(before now: MonotonicTime) {
    while first < entries.count, entries[first].time.advanced(by: length) <= now {
      sum -= entries[first].weight
      first += 1
    }
    // Dropping them one by one would move the rest each time.
    if first > 1_024 {
      entries.removeFirst(first)
      first = 0
    }
  }
}

/// A count that begins anew with every second of the clock.
private struct SecondWindow: Sendable {
  let limit: Int
  private var second: Int64 = .min
  private var count = 0

  init(limit: Int) {
    self.limit = limit
  }

  private static let length: Int64 = 1_000_000_000

  mutating func wait(at now: MonotonicTime) -> Duration {
    turn(to: now)
    guard count >= limit else { return .zero }
    return .nanoseconds(Self.length - now.nanoseconds % Self.length)
  }

  mutating func add(at now: MonotonicTime) {
    turn(to: now)
    count += 1
  }

  private mutating func turn(to now: MonotonicTime) {
    let current = now.nanoseconds / Self.length
    guard current != second else { return }
    second = current
    count = 0
  }
}
