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
    case HistoryEvent.conflictKind, HistoryEvent.carefulStartKind, HistoryEvent.haltedKind: .error
    case HistoryEvent.silenceDemandedKind: event.detail["ban"] == true ? .error : .warning
    case HistoryEvent.databaseRestoredKind, HistoryEvent.sourceSilentKind,
      HistoryEvent.sequenceGapKind, HistoryEvent.sequenceRepeatedKind:
      .warning
    case HistoryEvent.deniedKind, HistoryEvent.sourceHeardKind: .notice
    // A remark that a later version writes, among others.
    case _: .info
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
