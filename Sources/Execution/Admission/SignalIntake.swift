import Domain
import JSON

/// What becomes of a signal when it arrives.
enum SignalIntake {
  static func receive(
    _ arrival: SignalArrival, _ known: KnownSignal?, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    if let known { return recognise(arrival, known, &reaction) }
    // A copy of a signal whose first one is not committed yet, so that the store cannot know it.
    if let order = parts.orders(of: arrival.signal.id).first, let life = parts.orders[order.key] {
      return recognise(arrival, life, &reaction)
    }
    if let readAt = arrival.firstReadAt, recover(arrival, readAt, &parts, &reaction) { return }
    let expiresAt: WallTime
    do throws(Denial) {
      expiresAt = try Admission.expiry(of: arrival, parts.configuration, at: reaction.now.wall)
    } catch {
      return refuseUnread(arrival, error, &parts, &reaction)
    }
    var verdict: Denial?
    do throws(Denial) {
      try Admission.check(arrival, expiresAt: expiresAt, &parts, at: reaction.now)
    } catch {
      if error.isOfSymbol {
        parts.venue.readAgain(
          arrival.signal.symbol, &parts.scheduler, at: reaction.now.monotonic)
      }
      guard parts.trading.careful != nil, error.isOfTheMoment else {
        if error.leavesIDFree { return refuseUnread(arrival, error, &parts, &reaction) }
        heard(arrival.signal, &parts, &reaction)
        return refuse(arrival, expiresAt, error, &reaction)
      }
      // An earlier run may have judged it otherwise: first it is looked for.
      verdict = error
    }
    let phase = CarefulStart.firstPhase(
      parts.trading, verdict: verdict, at: reaction.now.monotonic)
    heard(arrival.signal, &parts, &reaction)
    accept(arrival, expiresAt, phase, unless: verdict, &parts, &reaction)
  }

  private static func heard(
    _ signal: Signal, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    parts.watch.heard(signal.source, &reaction)
    parts.sequences.heard(signal, parts.sources.table, &reaction)
  }

  /// The end of an earlier run took the record of a signal, and perhaps that its order left: it is looked
  /// for, and not sent. False where none can have left, whatever the configuration was then: it is judged
  /// as if it had come now.
  private static func recover(
    _ arrival: SignalArrival, _ readAt: WallTime, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) -> Bool {
    var expiry = Admission.endOfLife(of: arrival, parts.configuration, at: readAt)
    if arrival.signal.expiry == .unstated {
      // With another default it was alive when it was read.
      expiry = max(expiry, readAt.advanced(by: .milliseconds(1)))
    }
    // It was judged after it was read, and the clock may have been set back since.
    let latest = max(readAt, reaction.now.wall)
    guard parts.configuration.mode == .live,
      !Admission.isFromTheFuture(arrival.signal, at: latest), expiry > readAt
    else { return false }
    let search = Search(resumed: .settling, at: reaction.now.monotonic)
    accept(
      arrival, expiry, .lookedFor(search, ifAbsent: .notFound), &parts, &reaction)
    return true
  }

  // MARK: Signals that came before

  private static func recognise(
    _ arrival: SignalArrival, _ known: KnownSignal, _ reaction: inout Reaction
  ) {
    guard known.contentDigest == arrival.contentDigest else {
      return refuseConflict(arrival, &reaction)
    }
    repeated(
      arrival, state: known.state, refused: known.refusal, as: known.clientOrderID, &reaction)
  }

  private static func recognise(
    _ arrival: SignalArrival, _ life: OrderLife, _ reaction: inout Reaction
  ) {
    guard life.signal == arrival.signal else { return refuseConflict(arrival, &reaction) }
    repeated(
      arrival, state: life.order.status.rawValue, as: life.order.request.clientOrderID, &reaction)
  }

  private static func refuseConflict(_ arrival: SignalArrival, _ reaction: inout Reaction) {
    let id = arrival.signal.id
    reaction.log(
      .error, "a signal came with an id that is taken by another content; it was refused",
      [
        ("signal_id", id.text), ("code", "conflicting_duplicate"),
        ("advice", "give every new signal a new id"),
      ], kind: .signalConflict)
    reaction.record(
      HistoryEvent.conflictKind, ["origin": .string(arrival.origin.text)], on: .signal(id))
    reaction.answer(
      arrival, .rejected, .conflictingDuplicate,
      "the id was taken before by a signal with other content")
  }

  private static func repeated(
    _ arrival: SignalArrival, state: String, refused refusal: String? = nil,
    as clientOrderID: ClientOrderID, _ reaction: inout Reaction
  ) {
    reaction.log(
      .info, "a signal came again; nothing is done twice",
      [("signal_id", arrival.signal.id.text), ("code", "duplicate"), ("state", state)],
      kind: .signalDuplicate)
    let message =
      refusal.map { "it came before and was refused (\(state))" + ($0.isEmpty ? "" : ": " + $0) }
      ?? "taken before; it is \(state)"
    reaction.answer(
      arrival, .duplicate, .duplicate, message, as: clientOrderID, state: state)
  }

  // MARK: Refusals

  /// Refuses what is no signal, or cannot be judged now: its id stays free.
  private static func refuseUnread(
    _ arrival: SignalArrival, _ denial: Denial, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    if parts.refused.take(arrival.contentDigest) { heard(arrival.signal, &parts, &reaction) }
    reaction.log(
      .notice, "refused: \(denial.message)",
      [("signal_id", arrival.signal.id.text), ("code", denial.code.rawValue)], kind: .signalRefused)
    reaction.answer(arrival, .rejected, denial.code, denial.message)
  }

  private static func refuse(
    _ arrival: SignalArrival, _ expiresAt: WallTime, _ denial: Denial,
    _ reaction: inout Reaction
  ) {
    let id = arrival.signal.id
    reaction.remember(arrival, expiresAt, denial.code, denial.message)
    reaction.record(
      HistoryEvent.deniedKind,
      ["code": .string(denial.code.rawValue), "message": .string(denial.message)], on: .signal(id))
    reaction.log(
      .notice, "denied: \(denial.message)",
      [
        ("signal_id", id.text), ("client_order_id", arrival.clientOrderID.text),
        ("symbol", arrival.signal.symbol.text), ("code", denial.code.rawValue),
      ], kind: .signalRefused)
    reaction.answer(arrival, .rejected, denial.code, denial.message)
  }

  // MARK: Acceptance

  /// `verdict` refuses it once it is known that no earlier run has placed its order: it takes nothing of
  /// the limits.
  private static func accept(
    _ arrival: SignalArrival, _ expiresAt: WallTime, _ phase: OrderLife.Phase,
    unless verdict: Denial? = nil, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let signal = arrival.signal
    let now = reaction.now
    let plan = Plan.entry(of: signal.id)
    reaction.remember(arrival, expiresAt, verdict?.code ?? .accepted, verdict?.message ?? "")
    parts.signals[signal.id] = SignalLife(id: signal.id, plan: plan)
    if verdict == nil { parts.sources.accepted(signal, at: now.monotonic) }
    let left = expiresAt.since(now.wall)
    let expiry = Expiry(
      wall: expiresAt, monotonic: now.monotonic.advanced(by: left),
      exchange: parts.venue.trustedClock.map {
        $0.time(at: now.monotonic).advanced(by: left + $0.error)
      })
    for key in plan.legs {
      let request = OrderRequest(signal, as: arrival.clientOrderID)
      let quote = Admission.statedQuote(of: signal)
      let order = Order(
        key: key, account: parts.configuration.account, request: request, reservedQuote: quote,
        at: now.wall)
      parts.orders.insert(
        OrderLife(
          number: parts.nextOrderNumber(), signal: signal, expiry: expiry, order: order,
          phase: phase))
      if verdict == nil {
        parts.risk.reserve(quote, for: key, of: order.account, at: now.monotonic)
      }
      reaction.record(.created(request, reservedQuote: quote), on: key)
      reaction.write(.putOrder(order))
      reaction.log(
        arrival.firstReadAt == nil ? .info : .warning,
        arrival.firstReadAt != nil
          ? "accepted by an earlier run that ended before the database had it; the exchange is asked "
            + "for its order"
          : "accepted", order,
        [("side", signal.side.rawValue), ("type", signal.type.rawValue)] + signal.freeText,
        kind: .signalAccepted)
    }
    reaction.answer(
      arrival, .accepted, .accepted, DecisionCode.accepted.meaning, as: arrival.clientOrderID)
  }
}

extension Reaction {
  fileprivate mutating func answer(
    _ arrival: SignalArrival, _ status: SignalAnswer.Status, _ code: DecisionCode,
    _ message: String, as clientOrderID: ClientOrderID? = nil, state: String? = nil
  ) {
    add(
      .answer(
        arrival.receipt,
        SignalAnswer(
          id: arrival.signal.id.text, status: status, code: code, message: message,
          clientOrderID: clientOrderID, state: state)))
  }

  /// Writes the signal down for good, as it came.
  fileprivate mutating func remember(
    _ arrival: SignalArrival, _ expiresAt: WallTime, _ code: DecisionCode, _ message: String
  ) {
    let signal = arrival.signal
    write(
      .insertSignal(
        SignalRecord(
          signalID: signal.id, symbol: signal.symbol, side: signal.side, type: signal.type,
          contentDigest: arrival.contentDigest, raw: arrival.raw, origin: arrival.origin,
          receivedAt: arrival.firstReadAt ?? now.wall, expiresAt: expiresAt,
          clientOrderID: arrival.clientOrderID,
          decision: code, message: message, decidedAt: now.wall),
        from: SignalSender(source: signal.source, isNumbered: signal.sequence != nil),
        mayHaveLeft: arrival.firstReadAt != nil))
    record(
      HistoryEvent.receivedKind,
      [
        "origin": .string(arrival.origin.text),
        "arrived_at": .integer(arrival.arrivedAt.milliseconds),
        "expires_at": .integer(expiresAt.milliseconds),
        "signal": .string(arrival.canonicalText),
      ], on: .signal(signal.id))
  }
}

extension Signal {
  fileprivate var freeText: [(String, String)] {
    [("source", source), ("note", note)].compactMap { key, text in text.map { (key, $0) } }
  }
}
