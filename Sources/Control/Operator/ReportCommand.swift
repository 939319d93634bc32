import Configuration
import Domain
import Glibc
import JSON
import Platform
import Store

/// The page about what came of the signals, read beside a daemon or without one.
struct ReportCommand {
  static let standardPeriod = Duration.seconds(7 * 24 * 60 * 60)

  let context: CommandContext

  func run(since: WallTime?, output: String) throws(CommandFailure) -> ExitCode {
    let settings = try context.settings()
    guard Self.mayReplace(output) else {
      throw .control(
        ControlFailure(
          code: .refused,
          message: "\(output) is no regular file, and is not replaced; name another --output"))
    }
    let end = Clock.wall()
    let start = since ?? end.advanced(by: .zero - Self.standardPeriod)
    let page = try CommandFailure.reading { () throws(StoreError) in
      let store = try StoreReader(path: settings.store.path)
      return try store.snapshot { () throws(StoreError) in
        try OutcomePage(
          store, from: min(start, end), to: end, context.options.times,
          ordersPerSecond: settings.rateLimits.ordersPerSecond)
      }
    }
    do throws(SystemError) {
      try Self.write(page.html, to: output)
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
    let message =
      "\(output): \(page.signals) signals since \(context.options.times.text(start))"
    context.show(
      ["ok": true, "path": .string(output), "signals": .integer(page.signals)],
      ByteText.printable(message))
    return .done
  }

  /// Root could put a file in the place of a device, and what is linked in /dev may lead to a file.
  private static func mayReplace(_ path: String) -> Bool {
    if PathParts(path).folder == "/dev" { return false }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return true }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// For its owner's eyes: the page tells what was traded.
  private static func write(_ text: String, to path: String) throws(SystemError) {
    let parts = PathParts(path)
    try Directory(path: parts.folder).writeWhole(
      Array(parts.name.utf8), Array(text.utf8), mode: 0o600)
  }
}
