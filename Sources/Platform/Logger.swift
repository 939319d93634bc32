package import Domain
import Glibc

/// Writes events as lines to the journal or a terminal, and never waits for them: what nobody reads
/// is kept up to a limit, then dropped, counted and reported. It belongs to the loop's thread.
package final class Logger {
  /// Room for about a thousand lines; more means that nobody has been reading for long.
  package static let maximumQueuedBytes = 256 * 1024

  static let messageOfLoss = "log lines were lost because nobody read them in time"

  /// What was written leaves the queue in pieces of this size, so that moving the rest stays rare.
  private static let compactionBytes = 64 * 1024

  /// Lines less important than this are not written.
  package var level: LogLevel
  /// Lines lost since the start.
  package var dropped: Int { droppedLines + (journal?.dropped ?? 0) }
  private var droppedLines = 0
  private let journal: JournalWriter?

  private let format: LogFormat
  private let descriptor: CInt
  private let isSocket: Bool
  private let now: () -> WallTime
  private var queue: [UInt8] = []
  private var written = 0
  private var unreported = 0

  /// Borrows `descriptor`, which stays as blocking or non-blocking as it was: other programs may
  /// share it. Lines go to `journal` where there is one, and to the descriptor while it is away.
  package init(
    level: LogLevel, format: LogFormat, descriptor: CInt = STDERR_FILENO,
    journal: JournalWriter? = nil, now: @escaping () -> WallTime = Clock.wall
  ) {
    self.level = level
    self.format = format
    self.descriptor = descriptor
    self.journal = journal
    self.now = now
    isSocket = FileStatus.of(descriptor)?.kind == .socket
  }

  /// The format for whatever stands behind standard error: systemd names the journal's stream by
  /// device and inode (systemd.exec(5), JOURNAL_STREAM).
  package static func suitableFormat(
    descriptor: CInt = STDERR_FILENO,
    environment: (String) -> String? = Environment.value
  ) -> LogFormat {
    guard let stream = environment("JOURNAL_STREAM"), let status = FileStatus.of(descriptor)
    else { return .logfmt }
    return stream == "\(status.device):\(status.inode)" ? .journal : .logfmt
  }

  package func log(
    _ level: LogLevel, _ message: String, _ fields: [LogField] = [], kind: LogKind? = nil
  ) {
    guard level <= self.level else { return }
    let time = now()
    if let journal, journal.write(level, message, fields, kind, at: time) { return }
    let line = LogLine.render(level, message, fields, format: format, at: time)
    if unreported > 0 { flush() }
    guard unreported == 0, queue.count - written + line.count <= Self.maximumQueuedBytes else {
      droppedLines += 1
      unreported += 1
      return
    }
    queue.append(contentsOf: line)
    flush()
  }

  /// Whether lines wait for whoever reads them.
  package var hasBacklog: Bool {
    unreported > 0 || written < queue.count || journal?.hasBacklog ?? false
  }

  /// Writes what can be written without waiting. The loop calls it each turn.
  package func flush() {
    if let journal, journal.hasBacklog { journal.flush(at: now()) }
    while true {
      drain()
      guard unreported > 0, written == queue.count else { return }
      queue.append(contentsOf: reportOfLoss())
      unreported = 0
    }
  }

  private func reportOfLoss() -> [UInt8] {
    LogLine.render(
      .warning, Self.messageOfLoss,
      [LogField("lines", unreported)], format: format, at: now())
  }

  private func drain() {
    while written < queue.count {
      // A pipe that polls writable takes PIPE_BUF bytes without waiting (pipe(7)).
      let end = min(queue.count, written + Int(PIPE_BUF))
      let count = write(queue[written..<endOfLines(before: end)])
      if count < 0 {
        // Whoever read has gone; the lines have no reader any more.
        if errno == EPIPE || errno == EBADF || errno == EIO { discard() }
        return
      }
      written += count
      if written > Self.compactionBytes {
        queue.removeSubrange(..<written)
        written = 0
      }
    }
    queue.removeAll(keepingCapacity: queue.capacity <= 16 * 1024)
    written = 0
  }

  /// The end of the last whole line before `limit`, so that a write holds whole lines.
  private func endOfLines(before limit: Int) -> Int {
    let newline = queue[written..<limit].lastIndex(of: UInt8(ascii: "\n"))
    return newline.map { $0 + 1 } ?? limit
  }

  /// The bytes taken; −1 with `errno` when that is none.
  private func write(_ bytes: ArraySlice<UInt8>) -> Int {
    if isSocket {
      return retryingInterrupts {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe send(
            descriptor, buffer.baseAddress, buffer.count,
            CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        }
      }
    }
    var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let answer = unsafe poll(&question, 1, 0)
    guard answer == 1 else {
      errno = EAGAIN
      return -1
    }
    return retryingInterrupts {
      unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
    }
  }

  private func discard() {
    let lines = queue[written...].count { $0 == UInt8(ascii: "\n") }
    droppedLines += lines
    queue.removeAll()
    written = 0
  }
}
