import Keystore
import Platform
import Synchronization

/// Secrets on their way, read by a thread beside the loop: opening the encrypted file takes some
/// hundred milliseconds.
final class SecretsReading<Value: Sendable> {
  typealias Outcome = Result<Value, CredentialsError>

  private final class Shared: Sendable {
    private let outcome = Mutex<Outcome?>(nil)

    func set(_ value: Outcome) { outcome.withLock { $0 = value } }
    func get() -> Outcome? { outcome.withLock { $0 } }
  }

  private let shared = Shared()

  /// Begins; wakes the loop when there is an outcome. What needs the process to have a single thread
  /// (getenv(3)) is read `atOnce`.
  init(
    _ loop: EventLoop, atOnce: Bool = false,
    _ read: @escaping @Sendable () throws(CredentialsError) -> Value
  ) {
    let outcome: @Sendable () -> Outcome = {
      do throws(CredentialsError) {
        return .success(try read())
      } catch {
        return .failure(error)
      }
    }
    if atOnce { shared.set(outcome()) } else { begin(outcome, loop.waker) }
  }

  private func begin(_ read: @escaping @Sendable () -> Outcome, _ waker: Waker) {
    do throws(SystemError) {
      try BackgroundThread.run { [shared] in
        shared.set(read())
        waker.post {}
      }
    } catch {
      // Without a thread the loop has to wait.
      shared.set(read())
      waker.post {}
    }
  }

  /// `nil` while it is being read.
  var outcome: Outcome? { shared.get() }
}
