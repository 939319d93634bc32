import Domain
import JSON
import Matching
import Transport

/// `/__admin`: the simulator's own control, which the real exchange does not have. No key, no limits.
enum Administration {
  static let prefix = "/__admin/"

  /// The requests, for `--help`.
  static let help = """
    GET  /__admin/ledger                            everything accepted, and all counts
    POST /__admin/price?symbol=S&price=P            moves the last price; orders it reaches fill
    POST /__admin/freeze?symbol=S&frozen=true       stops or starts the walk; without symbol, of all
    POST /__admin/fill?client_order_id=C&quantity=Q fills an open order at its price (or order_id=…;
                                                    without quantity, all that remains)
    POST /__admin/balance?asset=A&free=F            sets what is free
    POST /__admin/instrument?symbol=S&status=2      also api_tradable=true|false,
                                                    key_allowed=true|false, side_type=1|2|3|4
    POST /__admin/rate?status=429&seconds=N         the next request is told to wait: 429 or 418;
                                                    retry_after=seconds|date|absent,
                                                    route=POST%20/api/v3/order to wait for that one
    POST /__admin/faults                            body: a fault plan; replaces the one in force
    POST /__admin/reset                             begins again from the start; streams are closed
    """

  static func answer(
    _ request: WireRequest, _ face: inout SpotFace, at now: Moment
  ) -> HTTPResponse {
    face.exchange.advance(to: now)
    do throws(AdminRefusal) {
      return .json(200, try act(request, &face, at: now))
    } catch {
      return .json(error.status, ["error": .string(error.text)])
    }
  }

  struct AdminRefusal: Error {
    let status: Int
    let text: String

    init(_ text: String, status: Int = 400) {
      self.status = status
      self.text = text
    }
  }

  private static func act(
    _ request: WireRequest, _ face: inout SpotFace, at now: Moment
  ) throws(AdminRefusal) -> JSONValue {
    let name = request.path.dropFirst(prefix.count)
    if name == "ledger" && request.method == "GET" { return face.ledger() }
    guard request.method == "POST" else {
      throw AdminRefusal("there is no such request; see --help", status: 404)
    }
    if name == "faults" { return try replaceFaults(request.body, &face) }
    let parameters = Parameters(query: request.query, body: request.body)
    switch name {
    case "price": return try movePrice(parameters, &face, at: now)
    case "freeze":
      let symbol = try parameters["symbol"].map { name throws(AdminRefusal) in
        try listed(name, face)
      }
      let isFrozen = try flag(parameters, "frozen") ?? true
      face.exchange.freeze(symbol, isFrozen, at: now)
      return ["frozen": .bool(isFrozen)]
    case "fill": return try fill(parameters, &face, at: now)
    case "balance":
      guard let asset = parameters["asset"] else { throw AdminRefusal("asset is missing") }
      let free = try decimal(parameters, "free")
      guard free >= .zero, face.exchange.setBalance(asset, free: free) else {
        throw AdminRefusal("free is not an amount that can be held")
      }
      return ["asset": .string(asset), "free": Wire.number(free)]
    case "instrument": return try changeInstrument(parameters, &face)
    case "rate": return try forceThrottle(parameters, &face)
    case "reset":
      let former = face.streams
      let offset = face.configuration.timeOffset
      face = SpotFace(
        face.configuration,
        at: Moment(wall: now.wall.advanced(by: .zero - offset), monotonic: now.monotonic))
      face.streams.succeed(former)
      return ["reset": true]
    default: throw AdminRefusal("there is no such request; see --help", status: 404)
    }
  }

  // MARK: Parameters

  private static func listed(
    _ name: String, _ face: SpotFace
  ) throws(AdminRefusal) -> Symbol {
    guard let symbol = Symbol(exchangeText: name), face.exchange.listing(symbol) != nil else {
      throw AdminRefusal("the symbol \(name) is not listed")
    }
    return symbol
  }

  private static func symbol(
    _ parameters: Parameters, _ face: SpotFace
  ) throws(AdminRefusal) -> Symbol {
    guard let name = parameters["symbol"] else { throw AdminRefusal("symbol is missing") }
    return try listed(name, face)
  }

  private static func decimal(
    _ parameters: Parameters, _ name: String
  ) throws(AdminRefusal) -> FixedDecimal {
    guard let text = parameters[name], let value = try? FixedDecimal(text) else {
      throw AdminRefusal("\(name) is not a plain decimal")
    }
    return value
  }

  private static func flag(_ parameters: Parameters, _ name: String) throws(AdminRefusal) -> Bool? {
    guard let text = parameters[name] else { return nil }
    guard let value = Bool(text) else { throw AdminRefusal("\(name) is true or false") }
    return value
  }

  // MARK: Actions

  private static func replaceFaults(
    _ body: [UInt8], _ face: inout SpotFace
  ) throws(AdminRefusal) -> JSONValue {
    do throws(FaultPlan.Flaw) {
      face.faults = try FaultPlan(json: body)
      face.streams.faults = face.faults.streams
    } catch {
      throw AdminRefusal(error.description)
    }
    return ["faults": "replaced"]
  }

  private static func movePrice(
    _ parameters: Parameters, _ face: inout SpotFace, at now: Moment
  ) throws(AdminRefusal) -> JSONValue {
    let symbol = try symbol(parameters, face)
    let price = try decimal(parameters, "price")
    guard face.exchange.setPrice(symbol, to: price, at: now) else {
      throw AdminRefusal("price is above 0 and at most \(SpotExchange.priceMaximum)")
    }
    return ["symbol": .string(symbol.text), "price": Wire.number(price)]
  }

  private static func fill(
    _ parameters: Parameters, _ face: inout SpotFace, at now: Moment
  ) throws(AdminRefusal) -> JSONValue {
    let reference: OrderRecords.Reference
    if let id = parameters["order_id"] {
      reference = .orderID(id)
    } else if let id = parameters["client_order_id"] {
      reference = .clientOrderID(id)
    } else {
      throw AdminRefusal("order_id or client_order_id is missing")
    }
    let quantity = parameters["quantity"] == nil ? nil : try decimal(parameters, "quantity")
    do throws(Refusal) {
      return Ledger.entry(try face.exchange.fillOpenOrder(reference, quantity: quantity, at: now))
    } catch {
      throw error == .unknownOrder
        ? AdminRefusal("no open order has this identifier", status: 404)
        : AdminRefusal("quantity is above 0 and a multiple of the symbol's step")
    }
  }

  private static func changeInstrument(
    _ parameters: Parameters, _ face: inout SpotFace
  ) throws(AdminRefusal) -> JSONValue {
    let symbol = try symbol(parameters, face)
    guard var listing = face.exchange.listing(symbol) else { throw AdminRefusal("not listed") }
    if let text = parameters["status"] {
      guard let status = Listing.Status(rawValue: text) else {
        throw AdminRefusal("status is 1 (online), 2 (paused) or 3 (offline)")
      }
      listing.status = status
    }
    listing.isAPITradable = try flag(parameters, "api_tradable") ?? listing.isAPITradable
    listing.isKeyAllowed = try flag(parameters, "key_allowed") ?? listing.isKeyAllowed
    switch parameters["side_type"] {
    case nil: break
    case "1": listing.rules.sides = .both
    case "2": listing.rules.sides = .buyOnly
    case "3": listing.rules.sides = .sellOnly
    case "4": listing.rules.sides = .none
    case .some: throw AdminRefusal("side_type is 1 (all), 2 (buy), 3 (sell) or 4 (closed)")
    }
    face.exchange.add(listing)
    return Wire.symbol(listing)
  }

  private static func forceThrottle(
    _ parameters: Parameters, _ face: inout SpotFace
  ) throws(AdminRefusal) -> JSONValue {
    guard let seconds = parameters["seconds"].flatMap({ Int($0) }), (1...300_000).contains(seconds)
    else { throw AdminRefusal("seconds is a whole number from 1 to 300000") }
    let isBan: Bool
    switch parameters["status"] {
    case "429", nil: isBan = false
    case "418": isBan = true
    case .some: throw AdminRefusal("status is 429 or 418")
    }
    guard let form = ForcedThrottle.Form(rawValue: parameters["retry_after"] ?? "seconds") else {
      throw AdminRefusal("retry_after is seconds, date or absent")
    }
    var route: Route?
    if let text = parameters["route"] {
      guard let known = Route(rawValue: text) else {
        throw AdminRefusal("route is METHOD /path of a known request")
      }
      route = known
    }
    face.admission.forced = ForcedThrottle(
      route: route, isBan: isBan, wait: .seconds(seconds), form: form)
    return ["armed": true]
  }
}
