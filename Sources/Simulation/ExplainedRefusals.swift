import Domain
import JSON
import Matching
import SimulatedExchange
import Transport

/// The orders that the exchange refused, and whether its own account and market bear out what it said.
struct ExplainedRefusals {
  private static let missingFunds = [10_101, 30_004, 30_005]
  /// How far a market order's protective price lies from the last one.
  private static let protection = FixedDecimal.scaled(105, digits: 2)

  private var explained: [String: Bool] = [:]

  /// Whether the last refusal of the order was.
  func isExplained(_ name: String) -> Bool { explained[name] ?? false }

  /// `funds` is what the account had before the request.
  mutating func took(
    _ call: WireCall, _ response: HTTPResponse, _ wishes: Wishes, _ exchange: SpotExchange,
    before funds: Wallet
  ) {
    let placed = call.placedOrders.map { (name: $0.name, wish: wishes.named($0.name).last) }
    guard !placed.isEmpty, let body = try? JSONReader.read(response.body, limits: .exchange)
    else { return }
    let rows = call.isBatch && response.status == 200 ? body.arrayValue ?? [] : []
    for (place, order) in placed.enumerated() {
      let row = rows.isEmpty ? body : place < rows.count ? rows[place] : nil
      guard let code = row["code"]?.numberValue.flatMap({ Int($0) }) else { continue }
      let others = placed.indices.filter { $0 != place }.compactMap { placed[$0].wish }
      explained[order.name] =
        order.wish.map { Self.bears(code, out: $0, besides: others, exchange, funds) } ?? false
    }
  }

  private static func bears(
    _ code: Int, out wish: Signal, besides others: [Signal], _ exchange: SpotExchange,
    _ funds: Wallet
  ) -> Bool {
    if missingFunds.contains(code) { return lacksFunds(wish, besides: others, exchange, funds) }
    guard code == Refusal.typeNotAllowed.code, wish.type == .limitMaker,
      let price = wish.price, let last = exchange.price(of: wish.symbol)
    else { return false }
    return wish.side == .buy ? last <= price : last >= price
  }

  /// The others of its request may have been paid for before it.
  private static func lacksFunds(
    _ wish: Signal, besides others: [Signal], _ exchange: SpotExchange, _ funds: Wallet
  ) -> Bool {
    var sum = FixedDecimal.zero
    for signal in [wish] + others where signal.side == wish.side {
      sum = cost(of: signal, exchange).flatMap { sum.adding($0) } ?? sum
    }
    guard let rules = exchange.listing(wish.symbol)?.rules else { return false }
    return sum > funds[wish.side == .buy ? rules.quoteAsset : rules.baseAsset].free
  }

  /// What the account gives for it at most.
  private static func cost(of wish: Signal, _ exchange: SpotExchange) -> FixedDecimal? {
    guard let listing = exchange.listing(wish.symbol) else { return nil }
    let reserve: FixedDecimal?
    switch (wish.side, wish.amount) {
    case (_, .quote(let quote)): reserve = quote
    case (.sell, .base(let quantity)): return quantity
    case (.buy, .base(let quantity)):
      let protective = exchange.price(of: wish.symbol).flatMap {
        $0.multiplied(by: protection, rounding: .up)?
          .rounded(toMultipleOf: listing.rules.tickSize, .up)
      }
      reserve = (wish.price ?? protective).flatMap { quantity.multiplied(by: $0, rounding: .up) }
    }
    return reserve.flatMap { reserve in
      reserve.multiplied(by: max(listing.makerFee, listing.takerFee), rounding: .up)
        .flatMap { reserve.adding($0) }
    }
  }
}
