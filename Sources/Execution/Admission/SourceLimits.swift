package import Domain

/// What the sources of signals may do, and how many signals of each were accepted in the last hour.
///
/// The hour is measured on the monotonic clock, so that setting the machine's clock frees nothing.
/// Every source is counted: a limit that a reload brings holds for the hour before it as well.
package struct SourceLimits: Sendable {
  package var table: [String: EngineConfiguration.Source]
  /// Oldest first.
  private var timeline: ArraySlice<(source: String, at: MonotonicTime)> = []
  /// Of the timeline, by source.
  private var counts: [String: Int] = [:]

  package static let hour: Duration = .seconds(60 * 60)

  /// `accepted` is oldest first.
  package init(
    _ table: [String: EngineConfiguration.Source], accepted: [SourceSignal], at now: Moment
  ) {
    self.table = table
    timeline.reserveCapacity(accepted.count)
    for signal in accepted { timeline.append((signal.source, now.monotonic(of: signal.at))) }
    // Most are of the same source as the one before.
    var first = accepted.startIndex
    while first < accepted.endIndex {
      let source = accepted[first].source
      let next = accepted[first...].firstIndex { $0.source != source } ?? accepted.endIndex
      counts[source, default: 0] += next - first
      first = next
    }
  }

  /// Throws: a denial when the signal's source may not trade the symbol, or not on this side.
  package func checkPermitted(_ signal: Signal) throws(Denial) {
    guard let (name, limits) = limits(of: signal) else { return }
    if let symbols = limits.symbols, !symbols.contains(signal.symbol) {
      throw denial(name, "may not trade \(signal.symbol): it is not in its symbols")
    }
    if !limits.sides.contains(signal.side) {
      throw denial(name, "may not \(signal.side.rawValue): that is not in its sides")
    }
  }

  /// Throws: a denial when as many signals of the source as it may send were accepted already.
  package mutating func checkRate(of signal: Signal, at now: MonotonicTime) throws(Denial) {
    expire(at: now)
    guard let (name, limits) = limits(of: signal), let maximum = limits.signalsPerHour,
      let count = counts[name], count >= maximum
    else { return }
    throw denial(
      name, "sent \(count) signals in the last hour; its signals_per_hour is \(maximum)")
  }

  /// Throws: a denial when an order of this notional, rounded up, is more than the source may ask
  /// for.
  package func checkQuote(_ quote: FixedDecimal, of signal: Signal) throws(Denial) {
    guard let (name, limits) = limits(of: signal), let maximum = limits.maximumOrderQuote,
      quote > maximum
    else { return }
    throw denial(
      name, "asks for an order worth \(quote); its maximum_order_quote is \(maximum)")
  }

  /// Counts an accepted signal.
  package mutating func accepted(_ signal: Signal, at now: MonotonicTime) {
    guard let source = signal.source else { return }
    expire(at: now)
    count(source, at: now)
  }

  private func limits(
    of signal: Signal
  ) -> (name: String, limits: EngineConfiguration.Source)? {
    guard let name = signal.source, let limits = table[name] else { return nil }
    return (name, limits)
  }

  private func denial(_ name: String, _ reason: String) -> Denial {
    Denial(.sourceLimit, "the source \"\(name)\" \(reason)")
  }

  private mutating func count(_ source: String, at time: MonotonicTime) {
    timeline.append((source, time))
    counts[source, default: 0] += 1
  }

  private mutating func expire(at now: MonotonicTime) {
    while let first = timeline.first, now.since(first.at) >= Self.hour {
      timeline.removeFirst()
      let rest = (counts[first.source] ?? 1) - 1
      counts[first.source] = rest == 0 ? nil : rest
    }
  }
}
