import Configuration
import JSON
import Platform
import Store

/// A list, then what is added to it or changes in it, read beside the daemon.
struct FollowCommand {
  let context: CommandContext

  func run(_ report: Report) throws(CommandFailure) -> ExitCode {
    let path = try context.settings().store.path
    let following = try Following()
    var follower = try CommandFailure.reading { () throws(StoreError) in
      try ListFollower(path, report)
    }
    let rows: [JSONValue]
    do throws(ControlFailure) {
      rows = try follower.list()
    } catch {
      throw .control(error)
    }
    var text = ListText(report, context.options.times, width: context.width)
    show(rows.reversed(), text?.text(rows.reversed()))
    var isCut = false
    while !following.isStopped {
      try following.pass(hasMore: isCut)
      let look = try following.look(context.terminal) { () throws(StoreError) in
        try follower.next()
      }
      isCut = look?.isCut ?? false
      if let row = look?.newBeginning {
        context.terminal.complaints(Following.otherDatabase(path, row))
      }
      if let fresh = look?.rows, !fresh.isEmpty { show(fresh, text?.continued(fresh)) }
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
}
