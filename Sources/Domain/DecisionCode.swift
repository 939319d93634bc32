/// Why a signal was taken, or not. The raw values are stable: users' scripts match on them.
package enum DecisionCode: String, CaseIterable, Hashable, Sendable {
  case accepted
  case duplicate
  case heartbeat
  case invalidJSON = "invalid_json"
  case invalidField = "invalid_field"
  case unknownField = "unknown_field"
  case conflictingDuplicate = "conflicting_duplicate"
  case tooLarge = "too_large"
  case unreadableFile = "unreadable_file"
  case unauthenticated
  case expired
  case symbolNotAllowed = "symbol_not_allowed"
  case symbolUnknown = "symbol_unknown"
  case symbolNotTradable = "symbol_not_tradable"
  case sideNotTradable = "side_not_tradable"
  case typeNotSupported = "type_not_supported"
  case pricePrecision = "price_precision"
  case belowMinimum = "below_minimum"
  case aboveMaximum = "above_maximum"
  case priceUnavailable = "price_unavailable"
  case priceDeviation = "price_deviation"
  case priceBand = "price_band"
  case riskOrderQuote = "risk_order_quote"
  case riskOpenOrders = "risk_open_orders"
  case riskOrderRate = "risk_order_rate"
  case riskDailyQuote = "risk_daily_quote"
  case sourceLimit = "source_limit"
  case halted
  case canceled
  case rateLimited = "rate_limited"
  case storageUnavailable = "storage_unavailable"
  case shuttingDown = "shutting_down"
  case exchangeRejected = "exchange_rejected"
  case notFound = "not_found"

  /// One sentence for a person; the README's table of codes is made from it.
  package var meaning: String {
    switch self {
    case .accepted: "The signal is remembered for good and is being acted on."
    case .duplicate:
      "The same signal, with the same content, was already taken; nothing is done twice."
    case .heartbeat: "The source was heard; the line asked for nothing else."
    case .invalidJSON: "The text is not strict JSON in UTF-8, or is not one JSON object."
    case .invalidField:
      "A field is missing, ill-formed, out of range or contradicts another; the message names it."
    case .unknownField: "The signal has a field that does not exist; the message names it."
    case .conflictingDuplicate:
      "The id was already used for a signal with other content; use a new id for a new signal."
    case .tooLarge: "The signal is longer than intake.maximum_signal_bytes."
    case .unreadableFile:
      "The file could not be taken: it is not a regular file with one link, or cannot be read."
    case .unauthenticated:
      "The signal's source has a secret and the signature is missing or wrong, or a known source "
        + "is wanted and none named."
    case .expired: "The signal was too old when it arrived, or before its order could leave."
    case .symbolNotAllowed: "The symbol is not in risk.symbols."
    case .symbolUnknown: "The exchange does not list the symbol."
    case .symbolNotTradable:
      "The symbol cannot be traded over the API now, or not with this key, or has a rule that "
        + "cannot be read."
    case .sideNotTradable: "The exchange does not take this side of the symbol now."
    case .typeNotSupported: "The symbol does not take this order type."
    case .pricePrecision: "The price is not a multiple of the symbol's tick size."
    case .belowMinimum: "The order is smaller than the symbol's minimum, after rounding down."
    case .aboveMaximum: "The order is larger than the symbol's maximum."
    case .priceUnavailable:
      "No current price younger than price.maximum_age_ms could be had in time."
    case .priceDeviation: "The current price is too far from the signal's reference."
    case .priceBand: "The limit price is outside the exchange's band around the last price."
    case .riskOrderQuote: "The order's notional is above risk.maximum_order_quote."
    case .riskOpenOrders: "As many orders as risk.maximum_open_orders allows are already open."
    case .riskOrderRate:
      "As many orders as risk.maximum_orders_per_minute allows were accepted in the last minute."
    case .riskDailyQuote:
      "The orders of the last 24 hours and this one exceed risk.maximum_daily_quote."
    case .sourceLimit: "The signal is more than its source may do by the table of sources."
    case .halted: "Trading, or this symbol, is halted; the message says why and how to resume."
    case .canceled: "The operator cancelled the signal before its order left."
    case .rateLimited:
      "The exchange's rate limits would let the order leave only after the signal has expired."
    case .storageUnavailable:
      "The database cannot be written, so the signal was not taken; send it again later."
    case .shuttingDown: "The daemon is stopping and did not take the signal; send it again later."
    case .exchangeRejected: "The exchange refused the order; the message has its code and text."
    case .notFound:
      "The order was sent once, or may have been, no answer told what came of it, and it was never "
        + "seen at the exchange."
    }
  }
}
