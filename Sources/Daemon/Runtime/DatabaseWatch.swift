import Domain
import Platform
import Store

/// Looks every few seconds whether the database and its log are still where they were opened. Every turn
/// that writes looks after the database too; but nothing may be written for a long time.
final class DatabaseWatch {
  private static let interval = Duration.seconds(5)

  private let loop: EventLoop
  private let store: OrderStore
  private let storeFailed: (StoreError) -> Void
  private var timer: EventLoop.TimerID?

  init(loop: EventLoop, store: OrderStore, storeFailed: @escaping (StoreError) -> Void) {
    self.loop = loop
    self.store = store
    self.storeFailed = storeFailed
    schedule()
  }

  deinit {
    if let timer { loop.cancel(timer) }
  }

  private func schedule() {
    timer = loop.schedule(at: loop.now.advanced(by: Self.interval)) { [weak self] in
      self?.look()
      self?.schedule()
    }
  }

  /// A turn that is open, or not in the database yet, has looked, and ends first.
  private func look() {
    if store.hasUncommittedWrites || store.isBehind { return }
    do throws(StoreError) {
      try store.checkFiles()
    } catch {
      storeFailed(error)
    }
  }
}
