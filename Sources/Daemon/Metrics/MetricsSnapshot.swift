import Domain
package import Execution

/// Everything that a scrape tells, as it stands at one moment.
package struct MetricsSnapshot: Sendable {
  package var counts: MetricCounts
  /// `nil` while the store cannot be used.
  package var engine: EngineStatus?
  package var facts: StatusReport.Facts
  /// `nil` when the database cannot be read.
  package var notificationsWaiting: Int?
}
