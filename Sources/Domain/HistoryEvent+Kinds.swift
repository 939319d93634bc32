// The kinds that somebody looks for in the history, besides those of an order's events.
extension HistoryEvent {
  /// The name of the first event of every signal that is remembered.
  package static let receivedKind = "signal_received"
  package static let deniedKind = "signal_denied"
  package static let conflictKind = "signal_conflict"
  package static let haltedKind = "halted"
  package static let resumedKind = "resumed"
  package static let silenceDemandedKind = "silence_demanded"
  package static let sourceHeardKind = "source_heard"
  package static let sourceSilentKind = "source_silent"
  package static let sequenceGapKind = "sequence_gap"
  package static let sequenceRepeatedKind = "sequence_repeated"
  package static let databaseRestoredKind = "database_restored"
  package static let carefulStartKind = "careful_start"
}
