/// An exact decimal: a 128-bit count of 10⁻¹⁸ units. Prices, quantities and notionals are held in it.
///
/// Arithmetic is checked: a result that does not fit is `nil`, never a wrapped or rounded number.
/// The largest magnitude is about 1.7 × 10²⁰.
package struct FixedDecimal: Comparable, Hashable, Sendable {
  /// The value times 10¹⁸.
  package let units: Int128

  package static let fractionDigits = 18
  static let one: Int128 = 1_000_000_000_000_000_000

  package static let zero = FixedDecimal(units: 0)
  package static let largest = FixedDecimal(units: .max)

  package init(units: Int128) {
    self.units = units
  }

  package init(_ whole: Int) {
    units = Int128(whole) * Self.one
  }

  package static func < (left: FixedDecimal, right: FixedDecimal) -> Bool {
    left.units < right.units
  }

  package var isPositive: Bool { units > 0 }
  package var isZero: Bool { units == 0 }

  /// Where a result goes that lies between two representable numbers, or between two steps.
  package enum Rounding: Sendable {
    /// Toward zero.
    case down
    /// Away from zero.
    case up
  }
}

extension FixedDecimal {
  package func adding(_ other: FixedDecimal) -> FixedDecimal? {
    let (sum, overflow) = units.addingReportingOverflow(other.units)
    return overflow ? nil : FixedDecimal(units: sum)
  }

  package func subtracting(_ other: FixedDecimal) -> FixedDecimal? {
    let (difference, overflow) = units.subtractingReportingOverflow(other.units)
    return overflow ? nil : FixedDecimal(units: difference)
  }

  package func multiplied(by other: FixedDecimal, rounding: Rounding) -> FixedDecimal? {
    let negative = (units < 0) != (other.units < 0)
    let product = units.magnitude.multipliedFullWidth(by: other.units.magnitude)
    return Self.quotient(
      of: product, by: Self.one.magnitude, negative: negative, rounding: rounding)
  }

  /// `nil` when `other` is zero as well as when the result does not fit.
  package func divided(by other: FixedDecimal, rounding: Rounding) -> FixedDecimal? {
    guard other.units != 0 else { return nil }
    let negative = (units < 0) != (other.units < 0)
    let scaled = units.magnitude.multipliedFullWidth(by: Self.one.magnitude)
    return Self.quotient(
      of: scaled, by: other.units.magnitude, negative: negative, rounding: rounding)
  }

  private static func quotient(
    of dividend: (high: UInt128, low: UInt128.Magnitude), by divisor: UInt128, negative: Bool,
    rounding: Rounding
  ) -> FixedDecimal? {
    // dividingFullWidth traps when the quotient does not fit into one word.
    guard dividend.high < divisor else { return nil }
    var (quotient, remainder) = divisor.dividingFullWidth(dividend)
    if rounding == .up && remainder != 0 {
      let (next, overflow) = quotient.addingReportingOverflow(1)
      if overflow { return nil }
      quotient = next
    }
    return FixedDecimal(magnitude: quotient, negative: negative)
  }

  private init?(magnitude: UInt128, negative: Bool) {
    // Two's complement has one more number below zero than above.
    let largest = negative ? Int128.min.magnitude : Int128.max.magnitude
    guard magnitude <= largest else { return nil }
    units = Int128(truncatingIfNeeded: negative ? 0 &- magnitude : magnitude)
  }

  package var magnitude: FixedDecimal? {
    units == .min ? nil : FixedDecimal(units: units < 0 ? -units : units)
  }

  /// The nearest multiple of `step` in the direction of `rounding`; `nil` when `step` is not positive.
  package func rounded(toMultipleOf step: FixedDecimal, _ rounding: Rounding) -> FixedDecimal? {
    guard step.units > 0 else { return nil }
    let remainder = units % step.units
    if remainder == 0 { return self }
    let truncated = FixedDecimal(units: units - remainder)
    switch rounding {
    case .down: return truncated
    case .up:
      let away = FixedDecimal(units: units < 0 ? -step.units : step.units)
      return truncated.adding(away)
    }
  }

  package func isMultiple(of step: FixedDecimal) -> Bool {
    step.units > 0 && units % step.units == 0
  }

  /// 10⁻ᵈⁱᵍⁱᵗˢ, for 0…18 digits.
  package static func powerOfTen(negative digits: Int) -> FixedDecimal? {
    guard (0...fractionDigits).contains(digits) else { return nil }
    var units = one
    for _ in 0..<digits { units /= 10 }
    return FixedDecimal(units: units)
  }
}

extension FixedDecimal {
  package enum ParseError: Error, Equatable, Sendable {
    /// Not `-? digits (. digits)?`.
    case malformed
    /// Written with an exponent, where none is allowed.
    case exponent
    /// More than 18 digits after the point that are not zeros.
    case tooPrecise
    /// Beyond what 128 bits hold.
    case tooLarge
  }

  /// Reads a plain decimal, as people and signals write it: no sign but `-`, no exponent, a digit
  /// on both sides of the point, no superfluous leading zero. Throws why it is none, or that it
  /// does not fit.
  package init(_ text: String) throws(ParseError) {
    try self.init(utf8: text.utf8.span)
  }

  /// The same of a text's bytes. Throws as that does.
  package init(utf8 bytes: Span<UInt8>) throws(ParseError) {
    self = try Self.read(bytes, exponentAllowed: false)
  }

  /// Reads a decimal as the exchange writes it, which prints some zeros as `0E-18`. Throws why it
  /// is none, or that it does not fit.
  package init(exchangeText text: String) throws(ParseError) {
    self = try Self.read(text.utf8.span, exponentAllowed: true)
  }

  private static func read(
    _ bytes: Span<UInt8>, exponentAllowed: Bool
  ) throws(ParseError) -> FixedDecimal {
    let negative = bytes.holds(UInt8(ascii: "-"), at: 0)
    let whole = bytes.digits(from: negative ? 1 : 0)
    guard !whole.isEmpty, whole.count == 1 || bytes[whole.lowerBound] != UInt8(ascii: "0")
    else { throw .malformed }
    var fraction = whole.upperBound..<whole.upperBound
    if bytes.holds(UInt8(ascii: "."), at: whole.upperBound) {
      fraction = bytes.digits(from: whole.upperBound + 1)
      if fraction.isEmpty { throw .malformed }
    }
    let end = fraction.upperBound
    var exponent = 0
    if bytes.holds(UInt8(ascii: "e"), at: end) || bytes.holds(UInt8(ascii: "E"), at: end) {
      guard exponentAllowed else { throw .exponent }
      guard let value = bytes.exponent(from: end + 1) else { throw .malformed }
      exponent = value
    } else if end < bytes.count {
      throw .malformed
    }
    let magnitude: UInt128
    if exponent == 0, let short = short(bytes, whole, fraction) {
      magnitude = short
    } else {
      magnitude = try scaled(bytes, whole, fraction, point: whole.count + exponent)
    }
    guard let value = FixedDecimal(magnitude: magnitude, negative: negative)
    else { throw .tooLarge }
    return value
  }

  /// The number in units when all its digits fit into a word, as almost always; else `nil`.
  private static func short(
    _ bytes: Span<UInt8>, _ whole: Range<Int>, _ fraction: Range<Int>
  ) -> UInt128? {
    guard whole.count + fraction.count <= 19, fraction.count <= fractionDigits
    else { return nil }
    var value: UInt64 = 0
    for place in whole { value = value &* 10 &+ UInt64(bytes[place] - UInt8(ascii: "0")) }
    for place in fraction { value = value &* 10 &+ UInt64(bytes[place] - UInt8(ascii: "0")) }
    var unit: UInt64 = 1
    for _ in fraction.count..<fractionDigits { unit &*= 10 }
    return UInt128(value) &* UInt128(unit)
  }

  /// The number whose decimal point stands after the first `point` of its digits, in units.
  private static func scaled(
    _ bytes: Span<UInt8>, _ whole: Range<Int>, _ fraction: Range<Int>, point: Int
  ) throws(ParseError) -> UInt128 {
    let count = whole.count + fraction.count
    var firstSignificant = 0
    while firstSignificant < count, bytes.digit(firstSignificant, whole, fraction) == 0 {
      firstSignificant += 1
    }
    if firstSignificant == count { return 0 }
    let kept = point + fractionDigits
    guard kept - firstSignificant <= 39 else { throw .tooLarge }
    for index in max(kept, 0)..<max(kept, count)
    where bytes.digit(index, whole, fraction) != 0 { throw .tooPrecise }
    var value: UInt128 = 0
    for index in firstSignificant..<max(firstSignificant, kept) {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let digit = index < count ? bytes.digit(index, whole, fraction) : 0
      let (sum, carry) = shifted.addingReportingOverflow(UInt128(digit))
      if overflow || carry { throw .tooLarge }
      value = sum
    }
    return value
  }
}

/// The parts of a number's text.
extension Span<UInt8> {
  fileprivate func holds(_ byte: UInt8, at place: Int) -> Bool {
    place < count && self[place] == byte
  }

  /// Where the run of digits here lies.
  fileprivate func digits(from start: Int) -> Range<Int> {
    var end = start
    while end < count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= self[end] { end += 1 }
    return start..<end
  }

  /// The digit that stands so many after the first, with or without a point between them.
  fileprivate func digit(_ index: Int, _ whole: Range<Int>, _ fraction: Range<Int>) -> UInt8 {
    let place =
      index < whole.count ? whole.lowerBound + index : fraction.lowerBound + index - whole.count
    return self[place] - UInt8(ascii: "0")
  }

  /// A signed exponent that is the rest of the text; `nil` when it is none. Beyond 10¹² it makes no
  /// difference: no text has as many digits.
  fileprivate func exponent(from start: Int) -> Int? {
    let negative = holds(UInt8(ascii: "-"), at: start)
    let digits = digits(from: negative || holds(UInt8(ascii: "+"), at: start) ? start + 1 : start)
    if digits.isEmpty || digits.upperBound < count { return nil }
    var value = 0
    for place in digits {
      value = Swift.min(value * 10 + Int(self[place] - UInt8(ascii: "0")), 1_000_000_000_000)
    }
    return negative ? -value : value
  }
}
