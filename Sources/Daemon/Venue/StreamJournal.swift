import Domain
import Execution

/// What is done while a stream is not there, and how much that matters.
struct StreamFallback {
  let words: String
  var level = LogEntry.Level.notice
}

/// What the streams tell the journal: a trouble that lasts is told once a minute.
final class StreamJournal {
  private let write: (LogEntry) -> Void
  private let now: () -> MonotonicTime
  private var told = RecentTexts()

  init(_ write: @escaping (LogEntry) -> Void, now: @escaping () -> MonotonicTime) {
    self.write = write
    self.now = now
  }

  /// Something that happens once.
  func tell(
    _ level: LogEntry.Level, _ message: String, _ fields: KeyValuePairs<String, String> = [:]
  ) {
    write(
      LogEntry(
        level: level, message: message, fields: fields.map { LogEntry.Field($0.key, $0.value) }))
  }

  /// A trouble that may come again and again.
  func trouble(
    _ message: String, reason: String, advice: String, level: LogEntry.Level = .notice
  ) {
    tell(level, "\(message) \(reason)", message, reason, advice)
  }

  /// Something that was pushed and cannot be understood. Its reason may differ every time.
  func strange(_ message: String, reason: String) {
    tell(.notice, message, message, reason, "check that exchange.stream_url is the exchange's")
  }

  private func tell(
    _ level: LogEntry.Level, _ news: String, _ message: String, _ reason: String, _ advice: String
  ) {
    let isRecent = told.isRecent(news, at: now())
    tell(isRecent ? .debug : level, message, ["reason": reason, "advice": advice])
  }
}
