import Domain
import Platform

/// What an earlier run left, in the journal. Only the first state that is read is that run's alone.
final class StartReport {
  private let mode: TradingMode
  private let logger: Logger
  private var isLogged = false

  init(_ mode: TradingMode, _ logger: Logger) {
    self.mode = mode
    self.logger = logger
  }

  func log(_ state: StoredState) {
    if isLogged { return }
    isLogged = true
    let unsure = mode == .live ? state.live.count(where: \.mayHaveLeft) : 0
    if unsure > 0 {
      logger.log(
        .warning,
        "the daemon or the machine went down while signals waited, or the database is a copy: their "
          + "orders may have left without a record of it; they are looked for at the exchange and not sent",
        [LogField("signals", unsure)])
    }
    if !state.live.isEmpty {
      logger.log(
        .info, "orders of an earlier run are looked up before trading opens",
        [LogField("orders", state.live.count)])
    }
    if let halt = state.halt {
      logger.log(
        .warning, "\(halt.scope.words) since an earlier run: \(halt.reason)", kind: .tradingHalted)
    }
    if let careful = state.careful {
      logger.log(
        .warning, "careful start: every signal is looked for at the exchange before it may leave",
        [LogField("reason", careful.reason)], kind: .carefulStart)
    }
  }
}
