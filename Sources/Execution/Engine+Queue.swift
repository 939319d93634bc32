import Domain

extension RateUsage {
  fileprivate func isWithin(_ other: RateUsage) -> Bool {
    ip <= other.ip && uid <= other.uid && orders <= other.orders
  }
}

/// What leaves, when, and whose answer comes back.
extension Engine {
  /// The firewall names no time. One request a minute finds out when it relents.
  private static let pauseWhenBlocked: Duration = .seconds(60)

  mutating func driveQueue() {
    queuePrices()
    var blocked: Set<SlidingWindow.Group> = []
    for item in queue.items {
      let group = item.purpose.group
      if blocked.contains(group) || (item.request.isSigned && clock == nil) { continue }
      let request = item.purpose == .prices([]) ? .prices(quotes.wanted) : item.request
      let cost = configuration.cost(request)
      let turn = limiter.admission(of: cost, in: group, at: now.monotonic)
      guard turn <= now.monotonic else {
        wake(at: turn)
        blocked.insert(group)
        continue
      }
      queue.removeAll { $0.purpose == item.purpose }
      var purpose = item.purpose
      if purpose == .prices([]) { purpose = .prices(quotes.begin()) }
      send(
        request, for: purpose, cost: cost,
        stampedAt: clock?.time(at: now.monotonic) ?? now.wall, isPlacement: false,
        sendBefore: nil)
    }
  }

  /// At most one price look-up is under way; it takes everybody along who waits when it leaves.
  private mutating func queuePrices() {
    guard !quotes.wanted.isEmpty, quotes.outstanding == nil,
      !queue.items.contains(where: { $0.purpose == .prices([]) })
    else { return }
    if let notBefore = quotes.notBefore, notBefore > now.monotonic { return wake(at: notBefore) }
    queue.add(.prices([]), for: .prices([]))
  }

  mutating func send(
    _ request: ExchangeRequest, for purpose: Purpose, cost: RequestCost, stampedAt: WallTime,
    isPlacement: Bool, sendBefore: MonotonicTime?
  ) {
    let id = RequestID(number: nextRequestNumber)
    nextRequestNumber += 1
    limiter.sent(id, cost, in: purpose.group)
    outstanding[id] = Outstanding(purpose: purpose, sentAt: now)
    effects.append(
      .send(
        Dispatch(
          id: id, request: request, stampedAt: stampedAt, isPlacement: isPlacement,
          sendBefore: sendBefore)))
  }

  mutating func take(_ answer: ExchangeAnswer, to id: RequestID) {
    guard let request = outstanding.removeValue(forKey: id) else {
      return log(.debug, "an answer came that nobody waits for")
    }
    if case .failed(.notSent) = answer {
      limiter.neverLeft(id)
    } else {
      limiter.answered(id, at: now.monotonic)
    }
    obeySilence(answer)
    switch request.purpose {
    case .clock: takeClock(answer, sentAt: request.sentAt)
    case .instruments(let symbols): takeInstruments(symbols, answer)
    case .tradableSymbols: takeTradableSymbols(answer)
    case .prices(let symbols): takePrices(symbols, answer, sentAt: request.sentAt)
    case .place(let key): takePlacement(key, answer)
    case .poll(let key): takePoll(key, answer)
    case .pollMany(let symbol, let keys): takePolls(symbol, keys, answer)
    case .search(let key, let view): takeSearch(key, view, answer)
    case .cancel(let key): takeCancel(key, answer)
    case .verify(let key, let orderID, let token): takeVerification(key, orderID, token, answer)
    }
  }

  /// Nothing leaves before the exchange allows it, and a restart knows it too.
  private mutating func obeySilence(_ answer: ExchangeAnswer) {
    switch answer {
    case .failed(.throttled(let notice)):
      keepSilent(
        for: notice.wait, isBan: notice.isBan, notice.text,
        notice.isBan
          ? "the exchange banned this address; nothing is sent before the ban ends"
          : "the exchange demands silence; nothing is sent before it ends",
        advice: "look for other programs that use the exchange from this address")
    case .failed(.blocked(let reason)):
      keepSilent(
        for: Self.pauseWhenBlocked, isBan: false, "firewall: \(reason)",
        "the exchange's firewall refuses this machine; nothing is sent for a minute, then one "
          + "request asks again",
        advice: "most often the exchange does not serve the region of this machine's address, or "
          + "blocks the address (a data centre's, a VPN's): use another address, or ask the "
          + "exchange's support")
    case .failed(.refused(let error)):
      if error.action == .clock { distrustClock() }
    case .serverTime, .instruments, .prices, .tradableSymbols, .placed, .validated, .order,
      .orderMissing, .orders, .trades, .cancelTaken, .failed:
      break
    }
  }

  private mutating func keepSilent(
    for wait: Duration, isBan: Bool, _ reason: String, _ message: String, advice: String
  ) {
    let until = now.wall.advanced(by: wait)
    let end = now.monotonic.advanced(by: wait)
    // A shorter demand that arrives later does not shorten the silence.
    if ban != nil, let silentUntil = limiter.silentUntil, silentUntil >= end { return }
    limiter.keepSilent(until: end)
    let record = BanRecord(
      until: until, wait: wait, isBan: isBan, reason: reason, monotonicUntil: end)
    ban = record
    write(.setBan(record))
    self.record(
      "silence_demanded",
      [
        "until": .integer(until.milliseconds), "ban": .bool(isBan), "reason": .string(reason),
      ], on: .daemon)
    log(
      isBan ? .error : .warning, message,
      [("wait_ms", String(wait.wholeMilliseconds)), ("reason", reason), ("advice", advice)])
  }

  mutating func liftSilence() {
    if limiter.liftSilence(at: now.monotonic) {
      ban = nil
      write(.setBan(nil))
      log(.info, "the exchange's silence is over")
    }
    if let until = limiter.silentUntil { wake(at: until) }
  }

  /// A restart within the window must count what this run has sent. A light use is not written: a
  /// restart takes it for granted. When the civil clock is set, the record's age by it is wrong.
  mutating func rememberUsage() {
    let sends = effects.contains { effect in
      if case .send = effect { true } else { false }
    }
    guard sends || recordIsMisdated else { return }
    let usage = limiter.usage(at: now.monotonic)
    if limiter.isLight(usage) { return }
    if let recorded = recordedUsage, usage.isWithin(recorded.usage), !recordIsMisdated,
      now.monotonic.since(recorded.at.monotonic) < Self.usageRecordAge
    {
      return
    }
    let recorded = limiter.withHeadroom(usage)
    recordedUsage = (recorded, now)
    write(.setRateUsage(RateUsageRecord(usage: recorded, at: now)))
  }

  private var recordIsMisdated: Bool {
    guard let at = recordedUsage?.at else { return false }
    let step = now.wall.since(at.wall) - now.monotonic.since(at.monotonic)
    return max(step, .zero - step) >= Self.usageRecordAge
  }
}
