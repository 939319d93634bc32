import Domain
import JSON
import Platform
import Store

/// What the start does about a database that may be older than what was sent from here.
enum CarefulStart {
  /// Puts a break on record before it is noted as known: a crash in between finds it again.
  static func prepare(_ store: OrderStore, _ logger: Logger, at now: WallTime) throws(StoreError) {
    switch store.continuity {
    case .unbroken, .noMark(armed: 0): break
    case .noMark(let armed):
      logger.log(
        .warning,
        "there was no high-water file beside the database, and it is made now; was the database "
          + "moved or restored, compare its orders with the exchange's",
        [LogField("armed", armed)])
    case .broken(let reason):
      let record = CarefulRecord(
        reason: "the database is older than what was sent from here: \(reason)", since: now)
      logger.log(
        .error, "\(record.reason); orders may be at the exchange that it does not know",
        [
          LogField(
            "consequence",
            "every signal is looked for at the exchange before it may leave, and an order that is "
              + "found is followed; the limits of the day count only what the database knows"),
          LogField(
            "advice",
            "compare the orders with the exchange's; when all of them are known, 'mexc-signalctl "
              + "resume' ends it"),
        ], kind: .carefulStart)
      try store.write(.setCareful(record))
      try store.write(
        .appendEvent(
          HistoryEvent(
            at: now, subject: .daemon, kind: "careful_start",
            detail: ["reason": .string(reason)])))
      try store.commit()
      try store.renewMark()
    }
  }
}
