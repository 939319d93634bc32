import Configuration
import JSON
import Platform
import Store

/// A list, then what is added to it or changes in it, read beside the daemon.
struct FollowCommand {
  /// Rows that are watched for a change: the newest.
  private static let watched = 500

  private let context: CommandContext

  init(_ context: CommandContext) {
    self.context = context
  }

  func run(_ report: Report) throws(CommandFailure) -> ExitCode {
    let path = try context.settings().store.path
    let following = try Following()
    var rows = try rows(report, path)
    var seen = Self.byKey(rows)
    var text = ListText(report, context.options.times, width: context.width)
    show(rows.reversed(), text?.text(rows.reversed()))
    while !following.isStopped {
      try following.pass()
      rows = try self.rows(report.watching(Self.watched), path)
      let fresh = rows.reversed().filter { seen[Self.key($0)] != $0 }
      seen = Self.byKey(rows)
      if !fresh.isEmpty { show(fresh, text?.continued(fresh)) }
    }
    return .done
  }

  private func show(_ rows: [JSONValue], _ text: String?) {
    if context.options.json {
      for row in rows { context.terminal.output(row.compactText()) }
    } else if let text {
      context.terminal.output(text)
    }
  }

  private func rows(_ report: Report, _ path: String) throws(CommandFailure) -> [JSONValue] {
    do throws(ControlFailure) {
      let store: StoreReader
      do throws(StoreError) {
        store = try StoreReader(path: path)
      } catch {
        throw ControlFailure(code: .storageUnavailable, message: error.description)
      }
      return try report.document(from: store).arrayValue ?? []
    } catch {
      throw .control(error)
    }
  }

  private static func byKey(_ rows: [JSONValue]) -> [String: JSONValue] {
    Dictionary(rows.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static func key(_ row: JSONValue) -> String {
    let leg = row["leg"]?.numberValue ?? ""
    return (row["id"]?.stringValue ?? row["signal_id"]?.stringValue ?? "") + " " + leg
  }
}

extension Report {
  /// The same list of so many rows.
  fileprivate func watching(_ limit: Int) -> Report {
    switch self {
    case .signals(var filter):
      filter.limit = limit
      return .signals(filter)
    case .orders(var filter):
      filter.limit = limit
      return .orders(filter)
    case .explain: return self
    }
  }
}
