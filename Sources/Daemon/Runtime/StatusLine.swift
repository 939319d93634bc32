import Domain
import Execution
import Platform

/// The one line that the service manager shows: the first of what `status` lists.
///
/// Looking through what may be wrong costs more than a turn that places an order should pay. While
/// nothing changes it is done less and less often: pushed prices turn the loop all day. That trading has
/// opened, or has to wait, is shown at once.
final class StatusLine {
  private static let shortInterval: Duration = .milliseconds(200)
  private static let longInterval: Duration = .seconds(1)

  private let loop: EventLoop
  private let tell: (String) -> Void
  private var last = ""
  private var wasOpen = false
  private var due = MonotonicTime(nanoseconds: 0)
  private var interval = shortInterval
  private var timer: EventLoop.TimerID?

  init(_ loop: EventLoop, tell: @escaping (String) -> Void) {
    self.loop = loop
    self.tell = tell
  }

  /// Called at the end of each turn; what changes in between is shown when its time has come.
  func show(mode: String, isOpen: Bool, _ troubles: (Moment) -> [Trouble]) {
    let now = Clock.now()
    guard now.monotonic >= due || isOpen != wasOpen else {
      if timer == nil {
        timer = loop.schedule(at: due) { [weak self] in self?.timer = nil }
      }
      return
    }
    wasOpen = isOpen
    let troubles = troubles(now)
    var text = troubles.first?.line ?? "trading (\(mode))"
    if troubles.count > 1 { text += " (and \(troubles.count - 1) more)" }
    let isNews = text != last
    interval = isNews ? Self.shortInterval : min(interval * 2, Self.longInterval)
    due = now.monotonic.advanced(by: interval)
    guard isNews else { return }
    last = text
    tell(text)
  }
}
