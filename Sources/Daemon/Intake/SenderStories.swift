package import Control
package import Domain
import Glibc
package import Store

/// What whoever may send signals may also read: the stories of the signals that the same user sent
/// through the socket. Root and the daemon's own user may read all.
package struct SenderStories {
  private let store: () -> StoreReader?
  private let waitsFor: (SignalID) -> String?

  package init(
    store: @escaping () -> StoreReader?, waitsFor: @escaping (SignalID) -> String?
  ) {
    self.store = store
    self.waitsFor = waitsFor
  }

  package func answer(_ id: SignalID, to user: UInt32) -> ControlAnswer {
    guard let store = store() else { return .failure(.noStore) }
    do throws(ControlFailure) {
      guard try mayRead(id, user, store) else {
        throw ControlFailure(code: .notFound, message: Self.reason(id))
      }
      return .result(try Report.explain(id).document(from: store, waitsFor: waitsFor))
    } catch {
      return .failure(error)
    }
  }

  private func mayRead(
    _ id: SignalID, _ user: UInt32, _ store: StoreReader
  ) throws(ControlFailure) -> Bool {
    if user == 0 || user == geteuid() { return true }
    do throws(StoreError) {
      guard case .socket(let peer)? = try store.signal(id)?.origin else { return false }
      return peer.hasPrefix(SignalClient.prefix(of: user))
    } catch {
      throw ControlFailure(error)
    }
  }

  /// One answer for all: who may not read it is not told whether there is such a signal.
  private static func reason(_ id: SignalID) -> String {
    "this user sent no signal with the id \(id) through the socket, or its history was removed, and with "
      + "it who sent it; with the right to the control socket, for instance with sudo, every signal is "
      + "explained"
  }
}
