import Configuration
import Keystore
import Platform
import Synchronization

/// Key and secret on their way, read by a thread beside the loop: opening the encrypted file takes
/// some hundred milliseconds.
final class CredentialsReading {
  typealias Outcome = Result<Keystore.Credentials, CredentialsError>

  private final class Shared: Sendable {
    private let outcome = Mutex<Outcome?>(nil)

    func set(_ value: Outcome) { outcome.withLock { $0 = value } }
    func get() -> Outcome? { outcome.withLock { $0 } }
  }

  let origin: Keystore.Credentials.Origin
  private let shared = Shared()

  /// Begins; wakes the loop when there is an outcome.
  init(_ origin: Keystore.Credentials.Origin, mode: Configuration.Mode, loop: EventLoop) {
    self.origin = origin
    let read: @Sendable () -> Outcome = {
      do throws(CredentialsError) {
        return .success(try Keystore.Credentials.read(origin, mode: mode))
      } catch {
        return .failure(error)
      }
    }
    // Variables are read at the start, where there is no other thread yet (getenv(3)).
    if origin == .environment { shared.set(read()) } else { begin(read, loop.waker) }
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
