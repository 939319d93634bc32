/// The fields that a signal may have.
enum SignalField: Int, CaseIterable {
  case id, symbol, side, type, quantity, quoteQuantity, price, referencePrice, maximumDeviation
  case createdAt, expiresAt, timeToLive, source, sequence, note, signature

  /// As a signal spells it.
  var name: String {
    switch self {
    case .id: "id"
    case .symbol: "symbol"
    case .side: "side"
    case .type: "type"
    case .quantity: "quantity"
    case .quoteQuantity: "quote_quantity"
    case .price: "price"
    case .referencePrice: "reference_price"
    case .maximumDeviation: "maximum_deviation_bps"
    case .createdAt: "created_at"
    case .expiresAt: "expires_at"
    case .timeToLive: "ttl_seconds"
    case .source: "source"
    case .sequence: "sequence"
    case .note: "note"
    case .signature: "signature"
    }
  }

  /// The lengths tell most names apart, and comparing them costs next to nothing.
  init?(name: String) {
    switch (name.utf8.count, name) {
    case (2, "id"): self = .id
    case (6, "symbol"): self = .symbol
    case (4, "side"): self = .side
    case (4, "type"): self = .type
    case (8, "quantity"): self = .quantity
    case (14, "quote_quantity"): self = .quoteQuantity
    case (5, "price"): self = .price
    case (15, "reference_price"): self = .referencePrice
    case (21, "maximum_deviation_bps"): self = .maximumDeviation
    case (10, "created_at"): self = .createdAt
    case (10, "expires_at"): self = .expiresAt
    case (11, "ttl_seconds"): self = .timeToLive
    case (6, "source"): self = .source
    case (8, "sequence"): self = .sequence
    case (4, "note"): self = .note
    case (9, "signature"): self = .signature
    default: return nil
    }
  }
}
