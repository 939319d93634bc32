import Configuration
import Domain
import JSON
import Platform
import Store

/// Events as they are committed, read beside the daemon: it is not asked, and need not run.
struct TailCommand {
  private let context: CommandContext

  init(_ context: CommandContext) {
    self.context = context
  }

  func run(
    _ filter: TailFilter, from start: TailStart
  ) throws(CommandFailure) -> ExitCode {
    let path = try context.settings().store.path
    let following = try Following()
    var journal = try Self.reading { () throws(StoreError) in
      try HistoryTail(path, filter, from: start)
    }
    var trouble: String?
    while !following.isStopped {
      var isCut = false
      do throws(StoreError) {
        let batch = try journal.next()
        show(batch, path)
        isCut = batch.isCut
        trouble = nil
      } catch {
        try explain(error, &trouble)
      }
      try following.pass(hasMore: isCut)
    }
    return .done
  }

  private func show(_ batch: HistoryTail.Batch, _ path: String) {
    if let row = batch.newBeginning {
      context.terminal.complaints(
        "mexc-signalctl: another database stands at \(ByteText.printable(path)); events after its "
          + "row \(row) follow")
    }
    for row in batch.rows {
      context.show(row.document, text(of: row))
    }
  }

  private func text(of row: HistoryRow) -> String {
    let entry = TimelineEntry(row.event)
    let subject = row.event.subject.signal?.text ?? "(daemon)"
    let time = context.options.times.text(row.event.at)
    let text = ByteText.printable("\(time)  \(subject)  \(entry.text)")
    return context.terminal.isColoured ? Colour.of(entry.level).on(text) : text
  }

  /// What may pass is said once and tried again: a start under way, a database that is being replaced.
  private func explain(_ error: StoreError, _ last: inout String?) throws(CommandFailure) {
    switch error {
    case .corrupt, .newerSchema, .misuse:
      throw .control(ControlFailure(code: .storageUnavailable, message: error.description))
    case .heldByAnotherDaemon, .readOnly, .full, .ioFailure, .unusablePath:
      guard last != error.description else { return }
      last = error.description
      context.terminal.complaints(
        "mexc-signalctl: waiting: \(ByteText.printable(error.description))")
    }
  }

  private static func reading<Value>(
    _ body: () throws(StoreError) -> Value
  ) throws(CommandFailure) -> Value {
    do throws(StoreError) {
      return try body()
    } catch {
      throw .control(ControlFailure(code: .storageUnavailable, message: error.description))
    }
  }
}
