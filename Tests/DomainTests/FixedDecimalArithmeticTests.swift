import Domain
import TestKit
import Testing

@Suite struct FixedDecimalArithmeticTests {
  static let extremes: [FixedDecimal] = [
    .min, .max, FixedDecimal(units: .min + 1), FixedDecimal(units: .max - 1), .zero,
    FixedDecimal(units: 1), FixedDecimal(units: -1), FixedDecimal(1), FixedDecimal(-1),
    FixedDecimal(2), FixedDecimal(Int.max), FixedDecimal(Int.min),
    FixedDecimal(units: .max / 2), FixedDecimal(units: .min / 2), FixedDecimal(units: .max / 2 + 1),
  ]

  /// Every pair of extremes, then random pairs.
  static func pairs(_ count: Int, seed: UInt64) -> [(FixedDecimal, FixedDecimal)] {
    var random = SeededGenerator(seed: seed)
    let edges = extremes.flatMap { left in extremes.map { (left, $0) } }
    return edges
      + (0..<count).map { _ in (.random(using: &random), .random(using: &random)) }
  }

  // MARK: Against long-hand arithmetic

  @Test func `long-hand arithmetic is right`() {
    let big = WideInteger(Int128.max)
    #expect(big * big - (big - WideInteger(1)) * (big + WideInteger(1)) == WideInteger(1))
    #expect(WideInteger(-7) * WideInteger(6) == WideInteger(-42))
    #expect(WideInteger(1_000_000_000) - WideInteger(1) == WideInteger(999_999_999))
    #expect(WideInteger(UInt64.max) * WideInteger(UInt64.max) < big + big + big)
    #expect(WideInteger(-2) < WideInteger(-1) && WideInteger(-1) < WideInteger(0))
  }

  @Test func `adds and subtracts`() {
    var wrong: [String] = []
    var overflows = 0
    for (left, right) in Self.pairs(20_000, seed: 0x5EED_0002) {
      let sum = left.adding(right)
      let difference = left.subtracting(right)
      if !Self.holds(left.wide + right.wide, sum) { wrong.append("\(left) + \(right)") }
      if !Self.holds(left.wide - right.wide, difference) { wrong.append("\(left) - \(right)") }
      if sum == nil || difference == nil { overflows += 1 }
    }
    #expect(wrong == [])
    #expect(overflows > 50)
  }

  @Test(arguments: [FixedDecimal.Rounding.down, .up])
  func `multiplies exactly, rounded as asked`(_ rounding: FixedDecimal.Rounding) {
    var wrong: [String] = []
    var overflows = 0
    for (left, right) in Self.pairs(20_000, seed: 0x5EED_0003) {
      let product = left.multiplied(by: right, rounding: rounding)
      let exact = left.wide * right.wide
      if !Self.isQuotient(product, of: exact, by: FixedDecimal(1).wide, rounding) {
        wrong.append("\(left) * \(right) = \(product?.description ?? "nil")")
      }
      if product == nil { overflows += 1 }
    }
    #expect(wrong == [])
    #expect(overflows > 1_000 && overflows < 19_000)
  }

  @Test(arguments: [FixedDecimal.Rounding.down, .up])
  func `divides exactly, rounded as asked`(_ rounding: FixedDecimal.Rounding) {
    var wrong: [String] = []
    var overflows = 0
    for (left, right) in Self.pairs(20_000, seed: 0x5EED_0004) {
      let quotient = left.divided(by: right, rounding: rounding)
      if right.isZero {
        if quotient != nil { wrong.append("\(left) / 0") }
        continue
      }
      let scaled = left.wide * FixedDecimal(1).wide
      if !Self.isQuotient(quotient, of: scaled, by: right.wide, rounding) {
        wrong.append("\(left) / \(right) = \(quotient?.description ?? "nil")")
      }
      if quotient == nil { overflows += 1 }
    }
    #expect(wrong == [])
    #expect(overflows > 1_000 && overflows < 19_000)
  }

  /// `result` is `exact`, or `nil` exactly when that does not fit.
  private static func holds(_ exact: WideInteger, _ result: FixedDecimal?) -> Bool {
    guard let result else { return !fits(exact) }
    return result.wide == exact
  }

  /// `result` is dividend ÷ divisor rounded as asked, or `nil` exactly when that does not fit.
  private static func isQuotient(
    _ result: FixedDecimal?, of dividend: WideInteger, by divisor: WideInteger,
    _ rounding: FixedDecimal.Rounding
  ) -> Bool {
    let negative = dividend.isNegative != divisor.isNegative
    let (dividend, divisor) = (dividend.magnitude, divisor.magnitude)
    guard let result else {
      let largest = (negative ? FixedDecimal.min : .max).wide.magnitude
      switch rounding {
      case .down: return (largest + WideInteger(1)) * divisor <= dividend
      case .up: return largest * divisor < dividend
      }
    }
    guard result.isZero || result.wide.isNegative == negative else { return false }
    let quotient = result.wide.magnitude
    switch rounding {
    case .down:
      return quotient * divisor <= dividend
        && dividend < (quotient + WideInteger(1)) * divisor
    case .up:
      return dividend <= quotient * divisor
        && (quotient * divisor == dividend || (quotient - WideInteger(1)) * divisor < dividend)
    }
  }

  private static func fits(_ exact: WideInteger) -> Bool {
    FixedDecimal.min.wide <= exact && exact <= FixedDecimal.max.wide
  }

  // MARK: By example

  static let products: [(String, String, String, String?)] = [
    ("0.1", "0.2", "0.02", "0.02"), ("1.5", "-2", "-3", "-3"),
    ("0.000000000000000001", "0.5", "0", "0.000000000000000001"),
    ("-0.000000000000000001", "0.5", "0", "-0.000000000000000001"),
    ("69876.54", "0.00143", "99.9234522", "99.9234522"),
    ("0.333333333333333333", "0.3", "0.099999999999999999", "0.1"),
    ("10000000000", "17014118346.046923173168730371", "170141183460469231731.68730371", nil),
  ]

  @Test(arguments: products)
  func `multiplies by example`(_ left: String, _ right: String, _ down: String, _ up: String?)
    throws
  {
    let (left, right) = (try FixedDecimal(left), try FixedDecimal(right))
    #expect(left.multiplied(by: right, rounding: .down)?.description == down)
    if let up { #expect(left.multiplied(by: right, rounding: .up)?.description == up) }
  }

  static let quotients: [(String, String, String, String)] = [
    ("1", "3", "0.333333333333333333", "0.333333333333333334"),
    ("-1", "3", "-0.333333333333333333", "-0.333333333333333334"),
    ("2", "-3", "-0.666666666666666666", "-0.666666666666666667"),
    ("100", "69876.54", "0.001431095472099792", "0.001431095472099793"),
    ("1", "8", "0.125", "0.125"), ("0", "7", "0", "0"),
    ("0.000000000000000001", "1000", "0", "0.000000000000000001"),
  ]

  @Test(arguments: quotients)
  func `divides by example`(_ left: String, _ right: String, _ down: String, _ up: String) throws {
    let (left, right) = (try FixedDecimal(left), try FixedDecimal(right))
    #expect(left.divided(by: right, rounding: .down)?.description == down)
    #expect(left.divided(by: right, rounding: .up)?.description == up)
  }

  @Test func `overflow is nil`() {
    let tiny = FixedDecimal(units: 1)
    #expect(FixedDecimal.max.adding(tiny) == nil)
    #expect(FixedDecimal.min.subtracting(tiny) == nil)
    #expect(FixedDecimal.zero.subtracting(.min) == nil)
    #expect(FixedDecimal.max.multiplied(by: .max, rounding: .down) == nil)
    #expect(FixedDecimal.min.multiplied(by: .min, rounding: .up) == nil)
    #expect(FixedDecimal.min.multiplied(by: FixedDecimal(-1), rounding: .down) == nil)
    #expect(FixedDecimal.min.multiplied(by: FixedDecimal(1), rounding: .down) == .min)
    #expect(FixedDecimal.max.divided(by: tiny, rounding: .down) == nil)
    #expect(FixedDecimal.min.divided(by: FixedDecimal(-1), rounding: .down) == nil)
    #expect(FixedDecimal.min.divided(by: FixedDecimal(1), rounding: .up) == .min)
    #expect(FixedDecimal(1).divided(by: .zero, rounding: .up) == nil)
    #expect(FixedDecimal.min.magnitude == nil)
    #expect(FixedDecimal(units: .min + 1).magnitude == .max)
    #expect(FixedDecimal(-3).magnitude == FixedDecimal(3))
    #expect(FixedDecimal.max.rounded(toMultipleOf: FixedDecimal(1), .up) == nil)
    #expect(FixedDecimal.min.rounded(toMultipleOf: FixedDecimal(1), .up) == nil)
    #expect(
      FixedDecimal.max.rounded(toMultipleOf: FixedDecimal(1), .down)?.description
        == "170141183460469231731")
  }

  // MARK: Steps

  static let roundings: [(String, String, String, String)] = [
    ("1.2345", "0.01", "1.23", "1.24"), ("1.23", "0.01", "1.23", "1.23"),
    ("-1.2345", "0.01", "-1.23", "-1.24"), ("0.009", "0.01", "0", "0.01"),
    ("-0.009", "0.01", "0", "-0.01"), ("7", "2.5", "5", "7.5"), ("0", "0.1", "0", "0"),
    ("0.3", "0.1", "0.3", "0.3"), ("5", "10", "0", "10"),
  ]

  @Test(arguments: roundings)
  func `rounds to a step`(_ value: String, _ step: String, _ down: String, _ up: String) throws {
    let (value, step) = (try FixedDecimal(value), try FixedDecimal(step))
    #expect(value.rounded(toMultipleOf: step, .down)?.description == down)
    #expect(value.rounded(toMultipleOf: step, .up)?.description == up)
    #expect(value.isMultiple(of: step) == (down == up))
  }

  @Test(arguments: [FixedDecimal.zero, FixedDecimal(-1), FixedDecimal(units: -1), .min])
  func `has no step that is not positive`(_ step: FixedDecimal) {
    #expect(FixedDecimal(1).rounded(toMultipleOf: step, .down) == nil)
    #expect(FixedDecimal.min.rounded(toMultipleOf: step, .up) == nil)
    #expect(!FixedDecimal(1).isMultiple(of: step))
    #expect(!FixedDecimal.min.isMultiple(of: step))
  }

  @Test func `rounding down never grows`() {
    var wrong: [String] = []
    for (value, other) in Self.pairs(20_000, seed: 0x5EED_0005) {
      guard let step = other.magnitude, step.isPositive else { continue }
      guard let down = value.rounded(toMultipleOf: step, .down) else {
        wrong.append("\(value) down to \(step) is nil")
        continue
      }
      let (held, shrunk) = (value.wide.magnitude, down.wide.magnitude)
      let keepsSign = down.isZero || down.isPositive == value.isPositive
      if !(shrunk <= held && held < shrunk + step.wide && down.isMultiple(of: step) && keepsSign) {
        wrong.append("\(value) down to \(step): \(down)")
      }
      let away = down == value ? shrunk : shrunk + step.wide
      let signed = value.wide.isNegative ? -away : away
      if !Self.holds(signed, value.rounded(toMultipleOf: step, .up)) {
        wrong.append("\(value) up to \(step)")
      }
    }
    #expect(wrong == [])
  }

  // MARK: The rest

  @Test func `powers of ten`() throws {
    #expect(FixedDecimal.powerOfTen(negative: -1) == nil)
    #expect(FixedDecimal.powerOfTen(negative: 19) == nil)
    #expect(FixedDecimal.powerOfTen(negative: .min) == nil)
    #expect(FixedDecimal.powerOfTen(negative: .max) == nil)
    #expect(FixedDecimal.powerOfTen(negative: 0)?.description == "1")
    for digits in 1...18 {
      let text = "0." + String(repeating: "0", count: digits - 1) + "1"
      #expect(FixedDecimal.powerOfTen(negative: digits)?.description == text)
    }
  }

  @Test func `whole numbers`() {
    #expect(FixedDecimal(Int.max).description == "9223372036854775807")
    #expect(FixedDecimal(Int.min).description == "-9223372036854775808")
    #expect(FixedDecimal(0) == .zero)
  }

  @Test func `compares by value`() throws {
    let sorted = try ["-2", "-1.5", "0", "0.000000000000000001", "0.9", "1", "10"]
      .map { text in try FixedDecimal(text) }
    #expect(sorted.reversed().sorted() == sorted)
    #expect(try FixedDecimal("1.50") == FixedDecimal("1.5"))
    #expect(sorted.map(\.isPositive) == [false, false, false, true, true, true, true])
    #expect(sorted.map(\.isZero) == [false, false, true, false, false, false, false])
  }
}

extension FixedDecimal {
  static let min = FixedDecimal(units: .min)
  static let max = FixedDecimal(units: .max)

  var wide: WideInteger { WideInteger(units) }
}
