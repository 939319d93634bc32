extension WallTime {
  /// RFC 3339 in UTC: `2026-09-25T10:11:12.345Z`.
  package var text: String {
    let (days, rest) = milliseconds.dividedDown(by: Self.millisecondsPerDay)
    let (year, month, day) = Self.date(ofDay: days)
    let (seconds, fraction) = rest.dividedDown(by: 1_000)
    var text: [UInt8] = []
    text.reserveCapacity(Self.usualBytes)
    Self.put(year, 4, "-", &text)
    Self.put(month, 2, "-", &text)
    Self.put(day, 2, "T", &text)
    Self.put(seconds / 3_600, 2, ":", &text)
    Self.put(seconds / 60 % 60, 2, ":", &text)
    Self.put(seconds % 60, 2, ".", &text)
    Self.put(fraction, 3, "Z", &text)
    return String(decoding: text, as: UTF8.self)
  }

  private static let usualBytes = 24

  private static let millisecondsPerDay: Int64 = 24 * 60 * 60 * 1_000

  /// The proleptic Gregorian date of a day counted from 1970-01-01. The calendar repeats every 400
  /// years, which have 146 097 days; counted from March on, the leap day is the last of its year.
  package static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    let (era, dayOfEra) = (day + 719_468).dividedDown(by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
  }

  /// At least `width` digits, and what stands behind them.
  private static func put(
    _ number: Int64, _ width: Int, _ end: Unicode.Scalar, _ text: inout [UInt8]
  ) {
    let digits = String(number).utf8
    for _ in digits.count..<max(width, digits.count) { text.append(UInt8(ascii: "0")) }
    text.append(contentsOf: digits)
    text.append(UInt8(ascii: end))
  }
}

extension Int64 {
  /// Rounded toward negative infinity, so that the remainder is never negative.
  fileprivate func dividedDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
