package import Domain

/// Compares the current price with what the signal was made for.
package enum PriceGuard {
  private static let basisPoints = FixedDecimal(10_000)

  /// `|current − reference| / reference`, in basis points, must not exceed the tighter of the two
  /// limits. Rounding is against the signal. `nil` when the signal names no price.
  /// Throws: a denial when the price is too far away.
  package static func check(
    current: FixedDecimal, signal: Signal, configured: FixedDecimal
  ) throws(Denial) -> PassedChecks.Deviation? {
    guard let reference = signal.referencePrice ?? signal.price else { return nil }
    let limit = min(configured, signal.maximumDeviation ?? configured)
    guard let deviation = deviation(of: current, from: reference), deviation <= limit else {
      let found = Self.deviation(of: current, from: reference)
      throw Denial(
        .priceDeviation,
        "the current price \(current) is \(PassedChecks.Deviation.text(found)) bps from the reference "
          + "\(reference); at most \(limit) bps are allowed")
    }
    return PassedChecks.Deviation(reference: reference, basisPoints: deviation, limit: limit)
  }

  private static func deviation(
    of current: FixedDecimal, from reference: FixedDecimal
  ) -> FixedDecimal? {
    current.subtracting(reference)?.magnitude?
      .multiplied(by: basisPoints, rounding: .up)?
      .divided(by: reference, rounding: .up)
  }

  /// The exchange's own band around the last price, which it applies to limit prices: a buy at most
  /// so far above, a sell at most so far below. A buying limit_maker is not in it. `last` is `nil` where
  /// the book alone is known, of which `current` is the ask or the bid: what is near the band's end is then
  /// left to the exchange.
  /// Throws: a denial when the price is outside it.
  package static func checkBand(
    _ request: OrderRequest, current: FixedDecimal, last: FixedDecimal?,
    band: Instrument.PriceBand?
  ) throws(Denial) {
    guard let band, let price = request.price else { return }
    let one = FixedDecimal(1)
    // An end of the band that is too far away to be counted is beyond every price.
    switch request.side {
    case .buy:
      let highest = last ?? one.adding(distance(band.buyUp))?.multiplied(by: current, rounding: .up)
      guard request.type != .limitMaker, let highest,
        let ceiling = one.adding(band.buyUp)?.multiplied(by: highest, rounding: .down),
        price > ceiling
      else { return }
      throw Denial(
        .priceBand,
        "the price \(price) is above the exchange's band, which ends at \(ceiling) while the "
          + (last.map { "last price is \($0)" } ?? "ask is \(current), or before it"))
    case .sell:
      let lowest =
        last ?? one.subtracting(distance(band.sellDown))?.multiplied(by: current, rounding: .down)
      guard let lowest,
        let floor = one.subtracting(band.sellDown)?.multiplied(by: lowest, rounding: .up),
        price < floor
      else { return }
      throw Denial(
        .priceBand,
        "the price \(price) is below the exchange's band, which begins at \(floor) while the "
          + (last.map { "last price is \($0)" } ?? "bid is \(current), or above it"))
    }
  }

  private static let onePercent = FixedDecimal(units: FixedDecimal(1).units / 100)

  /// The last trade is taken to be no farther outside the book: half as far as the band reaches, and at
  /// most 1 %.
  private static func distance(_ band: FixedDecimal) -> FixedDecimal {
    min(onePercent, band.divided(by: FixedDecimal(2), rounding: .up) ?? onePercent)
  }
}
