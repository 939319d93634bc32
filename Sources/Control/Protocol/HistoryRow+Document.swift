import Domain
package import JSON
import Platform
package import Store

extension HistoryRow {
  /// One event as `tail --json` prints it.
  package var document: JSONValue {
    let entry = TimelineEntry(event)
    return .object(
      pairs: [
        ("row", .integer(link.row)), ("signal_id", .text(event.subject.signal?.text)),
        ("leg", event.subject.leg.map { .integer($0) } ?? .null),
        ("symbol", .text(symbol?.text)), ("level", .string(entry.level.name)),
      ] + (entry.document.objectValue ?? []).map { ($0.name, $0.value) })
  }
}
