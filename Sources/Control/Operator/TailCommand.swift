import Configuration
import Domain
import Glibc
import JSON
import Platform
import Store

/// Events as they are committed, read beside the daemon: it is not asked, and need not run.
struct TailCommand {
  private static let pause = Duration.milliseconds(250)

  private let context: CommandContext

  init(_ context: CommandContext) {
    self.context = context
  }

  func run(
    _ filter: TailFilter, from start: TailStart
  ) throws(CommandFailure) -> ExitCode {
    let path = try context.settings().store.path
    let loop: EventLoop
    var isStopped = false
    let watch: PosixSignalWatch
    do throws(SystemError) {
      loop = try EventLoop()
      watch = try PosixSignalWatch(loop: loop) { _ in isStopped = true }
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
    defer { watch.close() }
    // A reader that goes, such as head(1), ends it.
    signal(SIGPIPE, SIG_DFL)
    var journal = try Self.reading { () throws(StoreError) in
      try HistoryTail(path, filter, from: start)
    }
    var trouble: String?
    while !isStopped {
      var isCut = false
      do throws(StoreError) {
        let batch = try journal.next()
        show(batch, path)
        isCut = batch.isCut
        trouble = nil
      } catch {
        try explain(error, &trouble)
      }
      try Self.pass(isCut ? .zero : Self.pause, on: loop) { isStopped }
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
      context.show(row.document, row.text)
    }
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

  private static func pass(
    _ time: Duration, on loop: EventLoop, unless isStopped: () -> Bool
  ) throws(CommandFailure) {
    let end = Clock.monotonic().advanced(by: time)
    do throws(SystemError) {
      repeat { try loop.turn(until: end) } while !isStopped() && Clock.monotonic() < end
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
  }
}

extension HistoryRow {
  fileprivate var text: String {
    let entry = TimelineEntry(event)
    let subject = event.subject.signal?.text ?? "(daemon)"
    return ByteText.printable("\(Timestamp.format(event.at))  \(subject)  \(entry.text)")
  }

  fileprivate var document: JSONValue {
    let entry = TimelineEntry(event)
    return .object(
      pairs: [
        ("row", .integer(link.row)), ("signal_id", .text(event.subject.signal?.text)),
        ("leg", event.subject.leg.map { .integer($0) } ?? .null),
        ("symbol", .text(symbol?.text)), ("level", .string(entry.level.name)),
      ] + (entry.document.objectValue ?? []).map { ($0.name, $0.value) })
  }
}
