import Domain
import JSON
import Matching

/// What the exchange has seen: the truth that a test compares a client's own record with.
struct Ledger {
  private let face: SpotFace
  private var exchange: SpotExchange { face.exchange }
  private var counts: RequestCounts { face.counts }

  init(_ face: SpotFace) {
    self.face = face
  }

  /// Everything accepted, hidden orders included, and every count, in a fixed order.
  var document: JSONValue {
    [
      "seed": .integer(exchange.seed),
      "orders": .array(exchange.orders.map { Self.entry($0) }),
      "accepted_by_client_order_id": acceptedByClientOrderID(),
      "trades": .integer(exchange.trades.count),
      "balances": .array(
        exchange.wallet.assets.map { asset, holding in
          [
            "asset": .string(asset), "free": Wire.number(holding.free),
            "locked": Wire.number(holding.locked),
          ]
        }),
      "prices": .object(
        pairs: exchange.listings.compactMap { listing in
          exchange.price(of: listing.symbol).map { (listing.symbol.text, Wire.number($0)) }
        }),
      "counts": countsEntry(),
    ]
  }

  static func entry(_ order: SimulatedOrder) -> JSONValue {
    let isHidden = order.visibility == .never
    return [
      "order_id": .string(order.orderID),
      "client_order_id": order.clientOrderID.map { .string($0) } ?? .null,
      "symbol": .string(order.symbol.text), "side": .string(Wire.side(order.side)),
      "type": .string(Wire.type(order.type)), "price": Wire.number(order.price),
      "quantity": Wire.number(order.quantity),
      "quote_quantity": order.quoteAmount.map { Wire.number($0) } ?? .null,
      "executed_quantity": Wire.number(order.executedQuantity),
      "executed_quote": Wire.number(order.executedQuote),
      "status": .string(order.status.rawValue),
      "accepted_at": .integer(order.acceptedAt.milliseconds),
      "updated_at": .integer(order.updatedAt.milliseconds), "hidden_for_ever": .bool(isHidden),
    ]
  }

  private func acceptedByClientOrderID() -> JSONValue {
    let sorted = exchange.records.numbersByClientOrderID.sorted { $0.key < $1.key }
    return .object(pairs: sorted.map { ($0.key, .integer($0.value.count)) })
  }

  private func countsEntry() -> JSONValue {
    let routes = Route.allCases.compactMap { route in
      counts.byRoute[route].map { (route.rawValue, JSONValue.integer($0)) }
    }
    let refusals = counts.refusals.sorted { $0.key < $1.key }
    let faults = (Array(counts.faults) + Array(face.streams.counts.faults)).sorted {
      $0.key < $1.key
    }
    return [
      "requests": .integer(counts.byRoute.values.reduce(counts.unknownRoutes, +)),
      "by_route": .object(pairs: routes), "unknown_routes": .integer(counts.unknownRoutes),
      "batched_orders": .integer(counts.batchedOrders),
      "accepted_orders": .integer(exchange.orders.count),
      "duplicate_client_order_ids": .integer(exchange.records.duplicateClientOrderIDs),
      "bad_signatures": .integer(face.admission.badSignatures),
      "bad_timestamps": .integer(face.admission.badTimestamps),
      "throttled_429": .integer(face.admission.throttled),
      "banned_418": .integer(face.admission.banned),
      "inside_pause": .integer(face.admission.limits.insidePause),
      "inside_ban": .integer(face.admission.limits.insideBan),
      "sent_though_told": .integer(counts.sentThoughTold),
      "refusals": .object(pairs: refusals.map { (String($0.key), .integer($0.value)) }),
      "faults": .object(pairs: faults.map { ($0.key, .integer($0.value)) }),
      "streams": streamCounts(),
    ]
  }

  private func streamCounts() -> JSONValue {
    let counts = face.streams.counts
    let opened = StreamFaults.Stream.allCases.map { stream in
      (stream.rawValue, JSONValue.integer(counts.opened[stream] ?? 0))
    }
    let pushes = counts.pushes.sorted { $0.key < $1.key }
    return [
      "connections_opened": .object(pairs: opened),
      "connections": .integer(face.streams.connections.count),
      "refused_upgrades": .integer(counts.refusedUpgrades),
      "subscriptions": .integer(counts.subscriptions),
      "refused_subscriptions": .integer(counts.refusedSubscriptions),
      "pushes": .object(pairs: pushes.map { ($0.key, .integer($0.value)) }),
      "listen_keys_made": .integer(face.listenKeys.made),
      "listen_keys_extended": .integer(face.listenKeys.extended),
    ]
  }
}
