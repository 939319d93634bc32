import Domain
import Execution
import Testing

/// The guard's arithmetic, at its limits and one unit of the last digit beyond.
@Suite struct PriceGuardTests {
  private func verdict(
    current: String, _ signal: Signal, configured: String = "100"
  ) -> DecisionCode {
    do throws(Denial) {
      _ = try PriceGuard.check(
        current: decimal(current), signal: signal, configured: decimal(configured))
      return .accepted
    } catch {
      return error.code
    }
  }

  @Test(arguments: [
    ("100", DecisionCode.accepted), ("101", .accepted), ("99", .accepted),
    ("101.000000000000000001", .priceDeviation), ("98.999999999999999999", .priceDeviation),
    ("100.999999999999999999", .accepted), ("99.000000000000000001", .accepted),
    ("0.000000000000000001", .priceDeviation), ("100000000000000000000", .priceDeviation),
  ])
  func `the configured limit`(current: String, expected: DecisionCode) {
    #expect(verdict(current: current, limit("a")) == expected)
    // A reference stands in for the order's price.
    #expect(
      verdict(current: current, limit("a", price: "1") { $0.referencePrice = decimal("100") })
        == expected)
    #expect(
      verdict(current: current, market("a", amount: .base(decimal("1")), reference: "100"))
        == expected)
  }

  @Test(arguments: [
    ("50", "100.5", DecisionCode.accepted), ("50", "100.500000000000000001", .priceDeviation),
    ("200", "101", .accepted), ("200", "101.000000000000000001", .priceDeviation),
    ("0.5", "100.005", .accepted), ("0.5", "100.005000000000000001", .priceDeviation),
  ])
  func `a signal may only tighten`(own: String, current: String, expected: DecisionCode) {
    #expect(
      verdict(current: current, limit("a") { $0.maximumDeviation = decimal(own) }) == expected)
  }

  /// 1/3 has no end in decimals: the distance is rounded against the signal.
  @Test func `rounds against the signal`() {
    let third = limit("a", price: "3")
    #expect(
      verdict(current: "3.000999999999999999", third, configured: "3.333333333333333333")
        == .accepted)
    #expect(verdict(current: "3.001", third, configured: "3.333333333333333333") == .priceDeviation)
    #expect(verdict(current: "3.001", third, configured: "3.333333333333333334") == .accepted)
  }

  @Test func `without a reference only the age counts`() {
    #expect(verdict(current: "1", market("a", amount: .quote(decimal("10")))) == .accepted)
  }

  private func band(
    _ side: Side, _ type: OrderType, price: String, current: String = "100",
    last: String? = "100", band: Instrument.PriceBand? = nil
  ) -> DecisionCode {
    let request = OrderRequest(
      clientOrderID: clientOrderID(of: signalID("a")), symbol: btc, side: side, type: type,
      amount: .base(decimal("1")), price: type == .market ? nil : decimal(price))
    do throws(Denial) {
      try PriceGuard.checkBand(
        request, current: decimal(current), last: last.map(decimal),
        band: band ?? Instrument.PriceBand(buyUp: decimal("0.1"), sellDown: decimal("0.2")))
      return .accepted
    } catch {
      return error.code
    }
  }

  @Test(arguments: [
    (Side.buy, OrderType.limit, "110", DecisionCode.accepted), (.buy, .limit, "110.01", .priceBand),
    (.buy, .limit, "1", .accepted), (.buy, .limitMaker, "110.01", .accepted),
    (.buy, .immediateOrCancel, "110.01", .priceBand), (.buy, .fillOrKill, "110.01", .priceBand),
    (.sell, .limit, "80", .accepted), (.sell, .limit, "79.99", .priceBand),
    (.sell, .limit, "1000", .accepted), (.sell, .limitMaker, "79.99", .priceBand),
    (.buy, .market, "", .accepted), (.sell, .market, "", .accepted),
  ])
  func `the exchanges band`(side: Side, type: OrderType, price: String, expected: DecisionCode) {
    #expect(band(side, type, price: price) == expected)
  }

  @Test func `the band is rounded inward`() {
    // 1.1 × 33.333333333333333333 = 36.6666666666666666663
    #expect(
      band(.buy, .limit, price: "36.666666666666666666", last: "33.333333333333333333")
        == .accepted)
    #expect(
      band(.buy, .limit, price: "36.666666666666666667", last: "33.333333333333333333")
        == .priceBand)
  }

  @Test(arguments: [
    // 1.1 and 0.9 of what is 1 % beyond the book.
    (Side.buy, "111.1", "0.1", DecisionCode.accepted), (.buy, "111.11", "0.1", .priceBand),
    (.sell, "89.1", "0.1", .accepted), (.sell, "89.09", "0.1", .priceBand),
    // A narrow band: half as far as it reaches.
    (.buy, "100.75", "0.005", .accepted), (.buy, "100.76", "0.005", .priceBand),
    (.sell, "99.26", "0.005", .accepted), (.sell, "99.25", "0.005", .priceBand),
  ])
  func `by a book alone what is near the band's end is left to the exchange`(
    side: Side, price: String, width: String, expected: DecisionCode
  ) {
    let band = Instrument.PriceBand(buyUp: decimal(width), sellDown: decimal(width))
    #expect(self.band(side, .limit, price: price, last: nil, band: band) == expected)
  }
}
