import Domain
import JSON
import Platform

extension TimelineEntry {
  /// How much it matters: as much as the journal's line about it.
  var level: LogLevel {
    if let orderEvent = OrderEvent(kind: event.kind, detail: event.detail) {
      return Self.level(of: orderEvent)
    }
    return switch event.kind {
    case "signal_conflict", "careful_start", "halted": .error
    case "silence_demanded": event.detail["ban"] == true ? .error : .warning
    case "database_restored", "source_silent", "sequence_gap", "sequence_repeated":
      .warning
    case "signal_denied", "source_heard": .notice
    // A remark that a later version writes, among others.
    default: .info
    }
  }

  private static func level(of event: OrderEvent) -> LogLevel {
    switch event {
    case .refused, .notFound, .cancelAnswered(_, isDefinite: true): .error
    case .mayRetry, .outcomeLost, .closedByOperator, .confirmedByOperator, .watchEnded: .warning
    case .denied: .notice
    case .created, .approved, .armed, .acknowledged, .validated, .observed, .cancelRequested,
      .cancelAnswered(_, isDefinite: false):
      .info
    case .lookedUp: .debug
    }
  }
}
