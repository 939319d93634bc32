import Domain
import Matching

/// Turns what happens to the account into the frames that tell of it.
struct AccountFeed: Sendable {
  /// As the last frames said.
  private var told: Wallet
  private var fate: SplitMix64

  init(holding wallet: Wallet, seed: UInt64) {
    told = wallet
    fate = SplitMix64(seed: seed, stream: "account streams")
  }

  /// The frames about these changes, which are all that happened since the last call. Each channel's
  /// are in order; how they follow on those of another channel is not defined at the exchange, and
  /// drawn here.
  mutating func frames(
    about changes: [SpotExchange.Change], at exchange: SpotExchange, now: WallTime
  ) -> [StreamFrame] {
    var orders: [StreamFrame] = []
    var deals: [StreamFrame] = []
    var balances: [StreamFrame] = []
    // What a fault hides for ever, nobody is told of.
    for change in changes where change.order.visibility != .never {
      var fill: SimulatedTrade?
      let reason: String
      switch change.cause {
      case .accepted: reason = "ENTRUST_PLACE"
      case .canceled: reason = "ENTRUST_CANCEL"
      case .filled(let number):
        reason = "ENTRUST"
        let trade = exchange.trades[number]
        fill = trade
        let asset = exchange.listing(change.order.symbol)?.rules.quoteAsset ?? ""
        deals.append(.deal(trade, number: number, of: change.order, fee: asset, at: now))
      }
      orders.append(.order(change.order, after: fill, at: now))
      balances += balanceFrames(to: change.wallet, at: now) { _ in reason }
    }
    balances += balanceFrames(to: exchange.wallet, at: now) { $0 ? "DEPOSIT" : "WITHDRAW" }
    return shuffled([orders, deals, balances])
  }

  /// `reason` is asked with whether there is more than before.
  private mutating func balanceFrames(
    to wallet: Wallet, at now: WallTime, reason: (Bool) -> String
  ) -> [StreamFrame] {
    defer { told = wallet }
    return wallet.assets.compactMap { asset, held in
      let former = told[asset]
      guard former.free != held.free || former.locked != held.locked else { return nil }
      return .account(
        asset, from: former, to: held, reason: reason(held.free > former.free), at: now)
    }
  }

  private mutating func shuffled(_ channels: [[StreamFrame]]) -> [StreamFrame] {
    var rest = channels.filter { !$0.isEmpty }.map { $0[...] }
    var frames: [StreamFrame] = []
    while !rest.isEmpty {
      let index = fate.below(rest.count)
      frames.append(rest[index].removeFirst())
      if rest[index].isEmpty { rest.remove(at: index) }
    }
    return frames
  }
}
