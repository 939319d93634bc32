import Cryptography
package import Domain
package import Platform
package import Store

extension DatabaseOwnership {
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
        if var owner = try store.owner(), owner.key == nil {
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

  /// The next key that the exchange accepts will be noted. Part of the store's present turn.
  func forgetKey(of owner: DatabaseOwner, in store: OrderStore, at now: WallTime) throws(StoreError)
  {
    var owner = owner
    owner.key = nil
    try store.write(.setOwner(owner))
    try store.write(
      .appendEvent(
        HistoryEvent(at: now, subject: .daemon, kind: "api_key_forgotten", detail: [:])))
  }
}

extension ExchangeAnswer {
  /// Whether only a request that was signed with a valid key is answered so.
  fileprivate var provesKey: Bool {
    switch self {
    case .tradableSymbols, .placed, .validated, .order, .orderMissing, .orders, .trades,
      .cancelTaken:
      true
    case .serverTime, .instruments, .prices, .failed: false
    }
  }
}
