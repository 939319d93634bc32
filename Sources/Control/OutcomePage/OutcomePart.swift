package import Domain
package import Store

/// What came of the signals of a stretch of time.
package struct OutcomePart {
  /// In the order in which they are shown.
  package static let outcomes = [
    "filled", "validated", "open", "canceled", "rejected", "denied", "in_doubt",
  ]

  package let start: WallTime
  package private(set) var counts: [String: Int64] = [:]
  /// From the signal's arrival to its order's leaving.
  private var latencies: [Int64] = []
  /// Basis points that fills were worse than the price that their orders were judged by; below zero,
  /// better.
  private var slippages: [FixedDecimal] = []
  /// The same against the price that the signal stated.
  private var statedSlippages: [FixedDecimal] = []
  package private(set) var filledQuote = FixedDecimal.zero
  private var sentInSecond: [Int64: Int64] = [:]

  package var medianLatency: Int64? { latencies.quantile(50) }
  package var slowLatency: Int64? { latencies.quantile(99) }
  package var medianSlippage: FixedDecimal? { slippages.quantile(50) }
  package var worstSlippage: FixedDecimal? { slippages.last }
  package var medianStatedSlippage: FixedDecimal? { statedSlippages.quantile(50) }
  package var worstStatedSlippage: FixedDecimal? { statedSlippages.last }
  /// The most orders that left within one second.
  package var mostInSecond: Int64 { sentInSecond.values.max() ?? 0 }
  package var signals: Int64 { counts.values.reduce(0, +) }

  fileprivate init(start: WallTime) {
    self.start = start
  }

  fileprivate mutating func add(_ row: OutcomeRow) {
    counts[Self.outcome(of: row), default: 0] += 1
    if let armed = row.armedAt {
      latencies.append(max(0, armed.since(row.receivedAt).wholeMilliseconds))
      sentInSecond[armed.milliseconds / 1_000, default: 0] += 1
    }
    if let slippage = Self.slippage(of: row, against: row.guardPrice) { slippages.append(slippage) }
    if let slippage = Self.slippage(of: row, against: row.statedPrice) {
      statedSlippages.append(slippage)
    }
    if let quote = row.executedQuote { filledQuote = filledQuote.adding(quote) ?? filledQuote }
  }

  fileprivate mutating func sort() {
    latencies.sort()
    slippages.sort()
    statedSlippages.sort()
  }

  private static func outcome(of row: OutcomeRow) -> String {
    switch row.status {
    case nil, .denied?: "denied"
    case .new?, .submitted?, .open?, .partiallyFilled?: "open"
    case .filled?: "filled"
    // The exchange has only checked it: nothing was bought or sold.
    case .validated?: "validated"
    case .canceled?, .partiallyCanceled?, .expired?: "canceled"
    case .rejected?: "rejected"
    case .unknown?, .notFound?: "in_doubt"
    }
  }

  private static func slippage(
    of row: OutcomeRow, against price: FixedDecimal?
  ) -> FixedDecimal? {
    guard let price, let average = row.averagePrice,
      let difference = row.side == .buy
        ? average.subtracting(price) : price.subtracting(average),
      let scaled = difference.multiplied(by: FixedDecimal(10_000), rounding: .down)
    else { return nil }
    let hundredth = FixedDecimal.powerOfTen(negative: 2)
    return scaled.divided(by: price, rounding: .down).flatMap { value in
      hundredth.flatMap { value.rounded(toMultipleOf: $0, .down) }
    }
  }
}

/// Rows, one after the other, in so many equal parts of a stretch of time.
package struct OutcomeParts {
  private let start: WallTime
  private let length: Int64
  private var parts: [OutcomePart]
  package private(set) var rowCount = 0

  package init(from start: WallTime, to end: WallTime, count: Int64) {
    let length = max(1, end.since(start).wholeMilliseconds / count)
    self.start = start
    self.length = length
    parts = (0..<count).map { index in
      OutcomePart(start: WallTime(milliseconds: start.milliseconds + index * length))
    }
  }

  package mutating func add(_ row: OutcomeRow) {
    let index = Int(row.receivedAt.since(start).wholeMilliseconds / length)
    parts[min(max(index, 0), parts.count - 1)].add(row)
    rowCount += 1
  }

  /// Their medians are of what was added so far.
  package var sorted: [OutcomePart] {
    parts.map { part in
      var part = part
      part.sort()
      return part
    }
  }
}

extension Array {
  /// Of a sorted list, by the nearest rank.
  fileprivate func quantile(_ percent: Int) -> Element? {
    isEmpty ? nil : self[Swift.max(0, (count * percent + 99) / 100 - 1)]
  }
}
