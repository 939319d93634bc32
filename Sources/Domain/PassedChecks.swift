/// The checks that an order passed, with their inputs, for a person. They are put into words when
/// somebody reads them: no order waits for that.
package struct PassedChecks: Hashable, Sendable, CustomStringConvertible {
  /// How far the current price is from the one that the signal was made for.
  package struct Deviation: Hashable, Sendable {
    package let reference: FixedDecimal
    package let basisPoints: FixedDecimal
    package let limit: FixedDecimal

    package init(reference: FixedDecimal, basisPoints: FixedDecimal, limit: FixedDecimal) {
      self.reference = reference
      self.basisPoints = basisPoints
      self.limit = limit
    }

    /// Two digits after the point are enough; `nil` is more than can be counted.
    package static func text(_ basisPoints: FixedDecimal?) -> String {
      guard let basisPoints, let hundredth = FixedDecimal.powerOfTen(negative: 2),
        let rounded = basisPoints.rounded(toMultipleOf: hundredth, .up)
      else { return "too many" }
      return rounded.description
    }
  }

  private enum Content: Hashable, Sendable {
    case words(String)
    case price(FixedDecimal, Deviation?, age: Duration)
  }

  private let content: Content

  /// As the history has them.
  package init(_ words: String) { content = .words(words) }

  /// `deviation` is `nil` when the signal names no price.
  package init(price: FixedDecimal, deviation: Deviation?, age: Duration) {
    content = .price(price, deviation, age: age)
  }

  package var description: String {
    switch content {
    case .words(let words): words
    case .price(let price, let deviation, let age):
      "\(Self.words(price, deviation)); the price is \(age.wholeMilliseconds) ms old"
    }
  }

  private static func words(_ price: FixedDecimal, _ deviation: Deviation?) -> String {
    guard let deviation else { return "no reference price: only the age of the price was checked" }
    return
      "price \(price) is \(Deviation.text(deviation.basisPoints)) bps from the reference "
      + "\(deviation.reference), at most \(deviation.limit) allowed"
  }
}
