package import Configuration
import Cryptography
import Doctor
package import Domain
import JSON
package import MEXC
package import Platform
package import Store

extension DatabaseOwnership {
  /// `configurationPath` is where the configuration was read from.
  package init(
    _ configuration: Configuration, from configurationPath: String,
    at venue: VenueName = Configuration.venue, credentials: MEXC.Credentials?
  ) {
    self.init(
      configuration, from: configurationPath, at: venue,
      keyDigest: credentials.map { credentials in { credentials.keyDigest(salt: $0) } })
  }

  /// Notes the API key in the database with the first answer of an epoch that proves that the
  /// exchange accepts it: before the first order may leave, and never a mistyped one. Part of the
  /// turn that takes the answer.
  package func noteKey(
    in store: OrderStore, _ logger: Logger, now: @escaping () -> WallTime
  ) -> (ExchangeAnswer) -> Void {
    guard let keyDigest else { return { _ in } }
    var isNoted = false
    return { answer in
      guard !isNoted, answer.provesKey else { return }
      do throws(StoreError) {
        if var owner = try store.reader.owner(), owner.key == nil {
          owner.key = keyDigest(Digest.randomBytes(KeyDigest.saltBytes))
          try store.write(.setOwner(owner))
          try store.write(
            .appendEvent(
              HistoryEvent(at: now(), subject: .daemon, kind: "api_key_noted", detail: [:])))
          logger.log(
            .info,
            "the exchange accepts the API key; the database takes no other one until it is told to")
        }
        isNoted = true
      } catch {
        // The store tells it again at the commit; the next answer or epoch tries anew.
      }
    }
  }
}

extension ExchangeAnswer {
  /// Whether only a request that was signed with a valid key is answered so.
  fileprivate var provesKey: Bool {
    switch self {
    case .tradableSymbols, .keyInformation, .accountRights, .placed, .validated, .order,
      .orderMissing, .orders, .trades, .cancelTaken, .accountStreamReady:
      true
    case .serverTime, .instruments, .prices, .failed: false
    }
  }
}
