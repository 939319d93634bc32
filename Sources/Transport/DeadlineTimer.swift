import Domain
import Platform

/// One deadline that moves often and passes rarely: moving it later costs no timer of the loop.
final class DeadlineTimer {
  private let loop: EventLoop
  private let expired: () -> Void
  private var deadline: MonotonicTime?
  private var timer: (id: EventLoop.TimerID, due: MonotonicTime)?

  init(_ loop: EventLoop, _ expired: @escaping () -> Void) {
    self.loop = loop
    self.expired = expired
  }

  deinit {
    if let timer { loop.cancel(timer.id) }
  }

  /// Replaces the deadline; nil means none.
  func set(_ deadline: MonotonicTime?) {
    self.deadline = deadline
    guard let deadline else { return }
    if let timer {
      // It fires early and is then set again.
      if timer.due <= deadline { return }
      loop.cancel(timer.id)
    }
    arm(deadline)
  }

  private func arm(_ due: MonotonicTime) {
    let id = loop.schedule(at: due) { [weak self] in self?.fired() }
    timer = (id, due)
  }

  private func fired() {
    timer = nil
    guard let deadline else { return }
    if loop.now < deadline {
      arm(deadline)
    } else {
      self.deadline = nil
      expired()
    }
  }
}
