import Domain
import TestKit
import Testing

/// A text, and what each of the two readers makes of it.
struct DecimalVector: Sendable, CustomTestStringConvertible {
  typealias Outcome = Result<FixedDecimal, FixedDecimal.ParseError>

  let text: String
  let plain: Outcome
  let exchange: Outcome

  var testDescription: String { text.count > 60 ? "\(text.prefix(60))…" : "'\(text)'" }

  /// Read alike by both.
  init(_ text: String, _ units: Int128) {
    self.text = text
    plain = .success(FixedDecimal(units: units))
    exchange = plain
  }

  /// Refused alike by both.
  init(_ text: String, refused error: FixedDecimal.ParseError) {
    self.text = text
    plain = .failure(error)
    exchange = plain
  }

  /// Written with an exponent.
  init(exponent text: String, _ units: Int128) {
    self.text = text
    plain = .failure(.exponent)
    exchange = .success(FixedDecimal(units: units))
  }

  /// Written with an exponent, and refused by the exchange's reader too.
  init(exponent text: String, refused error: FixedDecimal.ParseError) {
    self.text = text
    plain = .failure(.exponent)
    exchange = .failure(error)
  }
}

@Suite struct FixedDecimalParseTests {
  static let one: Int128 = 1_000_000_000_000_000_000

  static let numbers: [DecimalVector] = [
    .init("0", 0), .init("-0", 0), .init("0.0", 0), .init("-0.000", 0),
    .init("0.000000000000000000", 0), .init("0.0000000000000000000000000", 0),
    .init("1", one), .init("-1", -one), .init("7", 7 * one), .init("10", 10 * one),
    .init("100", 100 * one), .init("1.0", one), .init("1.000000000000000000", one),
    .init("1.0000000000000000000", one), .init("0.1", one / 10), .init("-0.1", -one / 10),
    .init("0.2", one / 5), .init("0.3", 3 * one / 10), .init("0.10", one / 10),
    .init("0.01", one / 100), .init("0.5", one / 2), .init("12.34", 12_340_000_000_000_000_000),
    .init("-12.34", -12_340_000_000_000_000_000),
    .init("69876.54", 69_876_540_000_000_000_000_000),
    .init("0.00000001", 10_000_000_000), .init("0.000000000000000001", 1),
    .init("-0.000000000000000001", -1), .init("0.0000000000000000010", 1),
    .init("0.123456789012345678", 123_456_789_012_345_678),
    .init("0.999999999999999999", one - 1), .init("9.999999999999999999", 10 * one - 1),
    .init("1.000000000000000001", one + 1), .init("9007199254740993", 9_007_199_254_740_993 * one),
    .init("9999999999999999999", 9_999_999_999_999_999_999 * one),
    .init("-9.999999999999999999", -9_999_999_999_999_999_999),
    .init("10.000000000000000001", 10 * one + 1),
    .init("9.9999999999999999990", 9_999_999_999_999_999_999),
    .init("99999999999999999.99", 99_999_999_999_999_999_990_000_000_000_000_000),
    .init("9223372036854775807", 9_223_372_036_854_775_807 * one),
    .init("18446744073709551616", 18_446_744_073_709_551_616 * one),
    .init("100000000000000000000", 100 * one * one),
    .init(
      "123456789012345678.123456789012345678", 123_456_789_012_345_678_123_456_789_012_345_678),
    .init(
      "999999999999999999.999999999999999999", 999_999_999_999_999_999_999_999_999_999_999_999),
    .init("170141183460469231731.687303715884105727", .max),
    .init("-170141183460469231731.687303715884105727", .min + 1),
    .init("-170141183460469231731.687303715884105728", .min),
    .init("170141183460469231731.6873037158841057270000", .max),
  ]

  static let refused: [DecimalVector] = [
    .init("", refused: .malformed), .init("-", refused: .malformed),
    .init("+", refused: .malformed), .init(".", refused: .malformed),
    .init("-.", refused: .malformed), .init("+1", refused: .malformed),
    .init("--1", refused: .malformed), .init("-+1", refused: .malformed),
    .init("+-1", refused: .malformed), .init("01", refused: .malformed),
    .init("00", refused: .malformed), .init("-01", refused: .malformed),
    .init("00.1", refused: .malformed), .init("007", refused: .malformed),
    .init("1.", refused: .malformed), .init(".5", refused: .malformed),
    .init("-.5", refused: .malformed), .init("1..2", refused: .malformed),
    .init("1.2.3", refused: .malformed), .init("1.-2", refused: .malformed),
    .init("1-", refused: .malformed), .init("1,5", refused: .malformed),
    .init("1,000", refused: .malformed), .init("1.000,5", refused: .malformed),
    .init("1_000", refused: .malformed), .init("1'000", refused: .malformed),
    .init(" 1", refused: .malformed), .init("1 ", refused: .malformed),
    .init("1 000", refused: .malformed), .init("\t1", refused: .malformed),
    .init("1\n", refused: .malformed), .init("1\u{0}", refused: .malformed),
    .init("\u{FEFF}1", refused: .malformed), .init("NaN", refused: .malformed),
    .init("nan", refused: .malformed), .init("Infinity", refused: .malformed),
    .init("-Infinity", refused: .malformed), .init("inf", refused: .malformed),
    .init("null", refused: .malformed), .init("0x10", refused: .malformed),
    .init("0x1p4", refused: .malformed), .init("0b1", refused: .malformed),
    .init("12abc", refused: .malformed), .init("abc", refused: .malformed),
    .init("1f", refused: .malformed), .init("1/2", refused: .malformed),
    .init("1%", refused: .malformed), .init("$1", refused: .malformed),
    .init("−1", refused: .malformed), .init("１", refused: .malformed),
    .init("٣", refused: .malformed), .init("½", refused: .malformed),
    .init("1\u{301}", refused: .malformed), .init("1．5", refused: .malformed),
    .init("0.0000000000000000001", refused: .tooPrecise),
    .init("-0.0000000000000000001", refused: .tooPrecise),
    .init("1.0000000000000000001", refused: .tooPrecise),
    .init("0.1234567890123456789", refused: .tooPrecise),
    .init("0.9999999999999999999", refused: .tooPrecise),
    .init("0.1000000000000000000000000000000000000001", refused: .tooPrecise),
    .init("170141183460469231731.687303715884105728", refused: .tooLarge),
    .init("-170141183460469231731.687303715884105729", refused: .tooLarge),
    .init("170141183460469231732", refused: .tooLarge),
    .init("340282366920938463463.374607431768211455", refused: .tooLarge),
    .init("340282366920938463463.374607431768211456", refused: .tooLarge),
    .init("999999999999999999999", refused: .tooLarge),
    .init("1000000000000000000000", refused: .tooLarge),
    .init("9999999999999999999999999999999999999999", refused: .tooLarge),
    .init(String(repeating: "9", count: 100_000), refused: .tooLarge),
    .init("0." + String(repeating: "0", count: 100_000) + "1", refused: .tooPrecise),
  ]

  static let exponents: [DecimalVector] = [
    .init(exponent: "0E-18", 0), .init(exponent: "0e-18", 0), .init(exponent: "-0E-18", 0),
    .init(exponent: "0E0", 0), .init(exponent: "0E+999", 0), .init(exponent: "0E-999", 0),
    .init(exponent: "0.000E3", 0), .init(exponent: "1E0", one), .init(exponent: "1e-0", one),
    .init(exponent: "1E-18", 1), .init(exponent: "-1E-18", -1), .init(exponent: "10E-19", 1),
    .init(exponent: "1.5E-3", 3 * one / 2000), .init(exponent: "2E-4", one / 5000),
    .init(exponent: "1.5E3", 1500 * one), .init(exponent: "1.5e+3", 1500 * one),
    .init(exponent: "0.001E3", one), .init(exponent: "0.0012E3", 6 * one / 5),
    .init(exponent: "1E20", 100 * one * one), .init(exponent: "1E+02", 100 * one),
    .init(exponent: "170141183460469231731687303715884105727E-18", .max),
    .init(exponent: "1E-19", refused: .tooPrecise),
    .init(exponent: "1e-999", refused: .tooPrecise),
    .init(exponent: "11E-19", refused: .tooPrecise),
    .init(exponent: "1E21", refused: .tooLarge), .init(exponent: "1e999", refused: .tooLarge),
    .init(exponent: "1.7014118346046923174E20", refused: .tooLarge),
    .init(exponent: "1E", refused: .malformed), .init(exponent: "1E+", refused: .malformed),
    .init(exponent: "1E-", refused: .malformed), .init(exponent: "1E+-2", refused: .malformed),
    .init(exponent: "1E2.0", refused: .malformed), .init(exponent: "1EE2", refused: .malformed),
    .init(exponent: "1E2 ", refused: .malformed), .init(exponent: "1E1000", refused: .tooLarge),
    .init(exponent: "1E99999999999999999999", refused: .tooLarge),
    .init(exponent: "1E-1000", refused: .tooPrecise),
    .init(exponent: "1E-99999999999999999999", refused: .tooPrecise),
    .init(exponent: "0E99999999999999999999", 0),
    .init(exponent: "1E0000000000000000000002", 100 * one),
    .init(exponent: "0." + String(repeating: "0", count: 1_999) + "1E2000", one),
    .init("1.E2", refused: .malformed), .init("E2", refused: .malformed),
    .init(".1E2", refused: .malformed), .init("-E2", refused: .malformed),
  ]

  @Test(arguments: numbers + refused + exponents)
  func `reads plain decimals and refuses the rest`(_ vector: DecimalVector) {
    let plain = DecimalVector.Outcome { () throws(FixedDecimal.ParseError) in
      try FixedDecimal(vector.text)
    }
    let exchange = DecimalVector.Outcome { () throws(FixedDecimal.ParseError) in
      try FixedDecimal(exchangeText: vector.text)
    }
    #expect(plain == vector.plain)
    #expect(exchange == vector.exchange)
  }

  static let written: [(Int128, String)] = [
    (Int128(0), "0"), (one, "1"), (-one, "-1"), (one / 10, "0.1"), (-one / 10, "-0.1"),
    (1, "0.000000000000000001"), (-1, "-0.000000000000000001"), (10, "0.00000000000000001"),
    (one + 1, "1.000000000000000001"), (one - 1, "0.999999999999999999"),
    (100 * one, "100"), (10 * one + one / 20, "10.05"),
    (Int128.max, "170141183460469231731.687303715884105727"),
    (Int128.min, "-170141183460469231731.687303715884105728"),
  ]

  @Test(arguments: written)
  func `writes plain digits`(_ units: Int128, _ text: String) {
    #expect(FixedDecimal(units: units).description == text)
  }

  @Test func `reads back what it writes`() throws {
    var random = SeededGenerator(seed: 0x5EED_0001)
    var mismatches: [String] = []
    for _ in 0..<100_000 {
      let value = FixedDecimal.random(using: &random)
      let text = value.description
      let plain = try? FixedDecimal(text)
      let exchange = try? FixedDecimal(exchangeText: text)
      if plain != value || exchange != value { mismatches.append(text) }
    }
    #expect(mismatches == [])
  }
}

extension FixedDecimal {
  /// Any number of bits is as likely as any other, so that small and large values both appear; every
  /// fourth value is a short one, as people write them.
  static func random(using random: inout some RandomNumberGenerator) -> FixedDecimal {
    let bits = UInt128(random.next()) << 64 | UInt128(random.next())
    var units = Int128(truncatingIfNeeded: bits >> UInt128.random(in: 0...127, using: &random))
    if Int.random(in: 0..<4, using: &random) == 0 {
      units = Int128(Int32(truncatingIfNeeded: units)) * 10_000_000_000
    }
    return FixedDecimal(units: Bool.random(using: &random) ? units : 0 &- units)
  }
}
