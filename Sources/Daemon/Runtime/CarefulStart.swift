package import Domain
import JSON
package import Platform
package import Store

/// What the start does about a database that may be older than what was sent from here.
package enum CarefulStart {
  /// Throws when the database cannot be read or does not take the record of it.
  package static func prepare(
    _ store: OrderStore, _ active: ActiveSignals?, _ logger: Logger, at now: WallTime
  ) throws(StoreError) {
    switch store.continuity {
    case .unbroken:
      guard try store.reader.careful() == nil,
        let (name, id) = try forgotten(by: store, active)
      else { return }
      let reason =
        "it has no trace of signal \(id), which was taken and lies in active as "
        + ByteText.printable(name)
      // What waits in it may have left as well.
      store.continuity = .broken(reason)
      try begin(
        "the database is older than what was sent from here, or another one: \(reason)", store,
        logger, at: now, advice: "take that file away, or the next start is careful again; ")
    case .noMark:
      // A restored one tells itself why.
      if try store.reader.careful() != nil { return try store.renewMark() }
      try begin(
        "there is no high-water file beside the database: it was copied here, or the file was removed",
        store, logger, at: now)
    case .intakeLost:
      try begin(
        "the file .intake is not beside the database any more, and what stood there last may be in "
          + "no other place", store, logger, at: now)
    case .broken(let reason):
      try begin(
        "the database is older than what was sent from here: \(reason)", store, logger, at: now)
    }
  }

  /// The first file whose signal the database does not have.
  private static func forgotten(
    by store: OrderStore, _ active: ActiveSignals?
  ) throws(StoreError) -> (name: [UInt8], id: SignalID)? {
    for file in active?.files ?? [] {
      guard let id = file.signal?.id, try !store.hasTrace(of: id) else { continue }
      return (file.name, id)
    }
    return nil
  }

  /// Puts it on record before it is noted as known: a crash in between finds it again.
  private static func begin(
    _ reason: String, _ store: OrderStore, _ logger: Logger, at now: WallTime,
    advice: String = ""
  ) throws(StoreError) {
    logger.log(
      .error, "\(reason); orders may be at the exchange that it does not know",
      [
        LogField(
          "consequence",
          "every signal is looked for at the exchange before it may leave, and an order that is "
            + "found is followed; one that waits in the database is not sent; the limits of the day "
            + "count only what the database knows"),
        LogField(
          "advice",
          advice
            + "compare the orders with the exchange's; when all of them are known, 'mexc-signalctl "
            + "resume' ends it"),
      ], kind: .carefulStart)
    try store.write(.setCareful(CarefulRecord(reason: reason, since: now)))
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: now, subject: .daemon, kind: HistoryEvent.carefulStartKind,
          detail: ["reason": .string(reason)])))
    try store.commit()
    try store.renewMark()
  }
}
