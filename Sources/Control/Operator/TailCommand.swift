import Configuration
import Domain
import JSON
import Platform
import Store

/// Events as they are committed, read beside the daemon: it is not asked, and need not run.
struct TailCommand {
  let context: CommandContext

  func run(
    _ filter: TailFilter, from start: TailStart
  ) throws(CommandFailure) -> ExitCode {
    let path = try context.settings().store.path
    let following = try Following()
    var journal = try CommandFailure.reading { () throws(StoreError) in
      try HistoryTail(path, filter, from: start)
    }
    while !following.isStopped {
      let batch = try following.look(context.terminal) { () throws(StoreError) in
        try journal.next()
      }
      if let batch { show(batch, path) }
      try following.pass(hasMore: batch?.isCut ?? false)
    }
    return .done
  }

  private func show(_ batch: HistoryTail.Batch, _ path: String) {
    if let row = batch.newBeginning {
      context.terminal.complaints(Following.otherDatabase(path, row))
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
}
