package import Domain

/// The stream on which the venue tells of the account's orders by itself: its key, and whether it can
/// be relied on. What it tells goes the way of a look; while it is up, looks are only the safety net.
struct AccountStream: Sendable {
  /// Since when nothing that happens to an order goes unpushed; `nil` while the stream is down.
  private(set) var upSince: MonotonicTime?
  private(set) var key: Need
  /// What this connection has told of.
  private(set) var balances = AccountBalances()
  private let refresh: Duration?
  /// Between keys that die before a connection stands.
  private var deadKeys = BackOff(first: .milliseconds(250), longest: .seconds(30))

  /// Between two tries to get a key: orders are polled meanwhile.
  private static let longestPause: Duration = .seconds(600)

  init(_ traits: VenueTraits, _ mode: TradingMode, at now: MonotonicTime) {
    // Orders that are only checked are never at the venue.
    refresh = mode == .live ? traits.accountStreamRefresh : nil
    key = Need(due: now, longestPause: Self.longestPause)
  }

  /// Asks for the key, or to let it live on. What is signed waits for the exchange's clock.
  mutating func drive(_ scheduler: inout RequestScheduler, _ reaction: inout Reaction) {
    guard refresh != nil, key.isDue(&reaction) else { return }
    let purpose = Purpose.accountStream(isNew: !key.isMet)
    scheduler.add(key.isMet ? .extendAccountStream : .openAccountStream, for: purpose)
    key.asked()
  }

  mutating func take(
    _ answer: Result<Void, ExchangeFailure>, isNew: Bool, clockReadAt: MonotonicTime?,
    _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    if key.isAnswerOutdated(at: now) { return }
    // That a former key lives on says nothing of the one that is to come.
    guard isNew || key.isMet else { return }
    switch answer {
    case .success:
      key.met(refreshAt: now.advanced(by: refresh ?? .zero))
      if isNew { reaction.add(.connectAccountStream) }
    case .failure(.refused(let error)) where !isNew && !Self.isDisturbance(error):
      reaction.log(
        .info, "the key of the account's stream has ended; asking for another one",
        [("reason", error.words)])
      // What stands was opened with it, and may say nothing any more.
      wentDown()
      keyIsDead(at: now)
    case .failure(let failure):
      let told = Need.Failure(failure)
      key.failed(told, clockReadAt: clockReadAt, at: now)
      let isNews = key.isNews(told.reason, at: now)
      reaction.log(
        isNews ? .notice : .debug,
        "the key of the account's stream could not be had; "
          + (upSince == nil ? "orders are looked up instead" : "the stream goes on meanwhile"),
        [("reason", told.reason), ("advice", told.advice)])
    }
  }

  /// Of the clock or of the moment: it says nothing of the stream's key, which lives on.
  private static func isDisturbance(_ error: ExchangeError) -> Bool {
    switch error.action {
    case .clock, .wait: true
    case .fix, .query, .halt, .skip, .suspended, .size: false
    }
  }

  /// Another key is needed, and a new connection with it.
  mutating func keyIsDead(at now: MonotonicTime) {
    // One is on its way already.
    if !key.isMet && key.isUnderWay { return }
    key.isMet = false
    key.askAgain(at: now.advanced(by: deadKeys.next()))
  }

  /// The account's API key is another one: the stream's belongs to the former, and so does the answer that
  /// is out.
  mutating func keyChanged(at now: MonotonicTime) {
    wentDown()
    key.isMet = false
    key.outdate(at: now)
  }

  mutating func cameUp(at now: MonotonicTime) {
    upSince = now
    deadKeys.reset()
  }

  /// What was told of balances may be old from now on.
  mutating func wentDown() {
    upSince = nil
    balances = AccountBalances()
  }

  /// While the stream is down, what comes is of a connection that is not relied on.
  mutating func take(_ balance: AssetBalance) {
    if upSince != nil { balances.take(balance) }
  }

  mutating func forgetBalance(of asset: String) { balances.forget(asset) }

  /// When an order whose look is due should be looked up, because the stream would have told of a
  /// change; `nil` for now.
  func safetyLook(at life: OrderLife) -> MonotonicTime? {
    guard let upSince, let following = life.following, !following.isUrgent,
      following.misses == 0, life.looks.inARow == 0
    else { return nil }
    // What happened to it while nobody listened was not told.
    let isKnown = following.knownAt.map { $0 >= upSince } ?? false
    let leftLater = life.armedAt.map { $0 > upSince } ?? false
    return isKnown || leftLater ? following.safetyLook : nil
  }
}

/// What the account's stream says, beside its reports of orders.
package enum AccountStreamEvent: Hashable, Sendable {
  /// Connected and subscribed. What happened before is not told: every order is looked up once.
  case opened
  /// Why. It is being connected again.
  case lost(String)
  /// It cannot be connected with the key that there is.
  case keyRefused
  /// A fill of so much of the order with this client order ID. The order's own report says what it adds
  /// up to, and may come before or after.
  case traded(String, FixedDecimal)
  /// Something about an order of the symbol that cannot be read.
  case unreadable(Symbol, UnreadableRow)
  /// Something that may be about any order.
  case notUnderstood
  /// What the account holds of an asset after a change.
  case balance(asset: String, free: FixedDecimal, frozen: FixedDecimal)
  /// It has changed, to something that cannot be read.
  case balanceUnreadable(asset: String)
}

enum AccountStreamEvents {
  /// What came of asking for the key.
  static func take(
    _ answer: Result<Void, ExchangeFailure>, isNew: Bool, _ parts: inout EngineParts,
    _ reaction: inout Reaction
  ) {
    let wasUp = parts.accountStream.upSince != nil
    parts.accountStream.take(
      answer, isNew: isNew, clockReadAt: parts.venue.clockReadAt, &reaction)
    if wasUp, parts.accountStream.upSince == nil {
      lookAtAll(&parts, at: reaction.now.monotonic)
    }
  }

  static func take(
    _ event: AccountStreamEvent, _ parts: inout EngineParts, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    switch event {
    case .opened:
      parts.accountStream.cameUp(at: now)
      lookAtAll(&parts, at: now)
      reaction.log(.info, "the account's stream is connected; orders are looked up once")
    case .lost(let reason):
      guard parts.accountStream.upSince != nil else { return }
      parts.accountStream.wentDown()
      lookAtAll(&parts, at: now)
      reaction.log(
        .notice, "the account's stream is lost; orders are looked up until it is back",
        [("reason", reason)])
    case .keyRefused:
      if parts.accountStream.upSince != nil { lookAtAll(&parts, at: now) }
      parts.accountStream.wentDown()
      parts.accountStream.keyIsDead(at: now)
    case .traded(let name, let quantity):
      guard let key = parts.orders.key(named: name) else { return }
      parts.orders.update(key) { $0.wasTraded(quantity, at: now) }
    case .notUnderstood:
      lookSoon([.armed, .unknown, .working], &parts, at: now) { _ in true }
    case .balance(let asset, let free, let frozen):
      parts.accountStream.take(
        AssetBalance(asset: asset, free: free, frozen: frozen, receivedAt: reaction.now.wall))
    case .balanceUnreadable(let asset): parts.accountStream.forgetBalance(of: asset)
    case .unreadable(let symbol, let row):
      if case .text(let name) = row.name, let key = parts.orders.key(named: name) {
        parts.orders.update(key) { $0.wasToldOf(at: now) }
      }
      lookSoon([.armed, .unknown, .working, .missing], &parts, at: now) { order in
        order.request.symbol == symbol
          && row.mayBe(order.request.clientOrderID, order.orderID)
      }
    }
  }

  static func keyChanged(_ parts: inout EngineParts, at now: MonotonicTime) {
    if parts.accountStream.upSince != nil { lookAtAll(&parts, at: now) }
    parts.accountStream.keyChanged(at: now)
  }

  /// At what the exchange has, or may have.
  private static func lookSoon(
    _ stages: [OrderTable.Stage], _ parts: inout EngineParts, at now: MonotonicTime,
    where isMeant: (Order) -> Bool
  ) {
    for key in stages.flatMap({ parts.orders.keys($0) }) {
      guard let order = parts.orders[key]?.order, isMeant(order) else { continue }
      parts.orders.update(key) { $0.lookSoon(at: now) }
    }
  }

  /// No state is pushed at the beginning, and a stream that ended may have lost what came last.
  private static func lookAtAll(_ parts: inout EngineParts, at now: MonotonicTime) {
    for key in parts.orders.keys(.working) {
      parts.orders.update(key) { $0.following?.restart(at: now) }
    }
  }
}
