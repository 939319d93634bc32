import CLinux
package import Domain

/// Reads civil time: RFC 3339 of people and signals, HTTP-date of the exchange's headers.
package enum Timestamp {
  /// RFC 3339 §5.6 with an offset; at most nine digits of a second, cut to milliseconds. A leap
  /// second is refused: this clock has none. nil for anything else.
  package static func parse(_ text: String) -> WallTime? {
    var scanner = DigitScanner(text)
    guard let year = scanner.number(digits: 4), scanner.take("-"),
      let month = scanner.number(digits: 2), scanner.take("-"),
      let day = scanner.number(digits: 2), scanner.take("T") || scanner.take("t"),
      let hour = scanner.number(digits: 2), scanner.take(":"),
      let minute = scanner.number(digits: 2), scanner.take(":"),
      let second = scanner.number(digits: 2), second <= 59,
      let milliseconds = scanner.fraction(),
      let offset = scanner.offset(), scanner.isAtEnd,
      let seconds = secondsSince1970(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    return WallTime(milliseconds: (seconds - Int64(offset) * 60) * 1_000 + Int64(milliseconds))
  }

  /// The three forms of RFC 9110 §5.6.7. `now` places the two-digit year of the second form: one
  /// that looks more than 50 years ahead means the past century.
  package static func parseHTTPDate(_ text: String, now: WallTime) -> WallTime? {
    let seconds = preferredDate(text) ?? obsoleteDate(text, now: now) ?? asctimeDate(text)
    return seconds.map { WallTime(milliseconds: $0 * 1_000) }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let days = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  private static func preferredDate(_ text: String) -> Int64? {
    var scanner = DigitScanner(text)
    guard scanner.word(among: days.map { String($0.prefix(3)) }) != nil, scanner.take(", "),
      let day = scanner.number(digits: 2), scanner.take(" "),
      let month = scanner.word(among: months), scanner.take(" "),
      let year = scanner.number(digits: 4), scanner.take(" "),
      let time = scanner.timeOfDay(), scanner.take(" GMT"), scanner.isAtEnd
    else { return nil }
    return secondsSince1970(
      year: year, month: month + 1, day: day, hour: time.hour, minute: time.minute,
      second: time.second)
  }

  /// `Sunday, 06-Nov-94 08:49:37 GMT`
  private static func obsoleteDate(_ text: String, now: WallTime) -> Int64? {
    var scanner = DigitScanner(text)
    guard scanner.word(among: days) != nil, scanner.take(", "),
      let day = scanner.number(digits: 2), scanner.take("-"),
      let month = scanner.word(among: months), scanner.take("-"),
      let shortYear = scanner.number(digits: 2), scanner.take(" "),
      let time = scanner.timeOfDay(), scanner.take(" GMT"), scanner.isAtEnd
    else { return nil }
    let thisYear = Int(clinux_date_of(now.milliseconds / 1_000).year)
    var year = thisYear / 100 * 100 + shortYear
    if year > thisYear + 50 { year -= 100 }
    return secondsSince1970(
      year: year, month: month + 1, day: day, hour: time.hour, minute: time.minute,
      second: time.second)
  }

  /// `Sun Nov  6 08:49:37 1994`
  private static func asctimeDate(_ text: String) -> Int64? {
    var scanner = DigitScanner(text)
    guard scanner.word(among: days.map { String($0.prefix(3)) }) != nil, scanner.take(" "),
      let month = scanner.word(among: months), scanner.take(" "),
      let day = scanner.take(" ") ? scanner.number(digits: 1) : scanner.number(digits: 2),
      scanner.take(" "), let time = scanner.timeOfDay(), scanner.take(" "),
      let year = scanner.number(digits: 4), scanner.isAtEnd
    else { return nil }
    return secondsSince1970(
      year: year, month: month + 1, day: day, hour: time.hour, minute: time.minute,
      second: time.second)
  }

  /// nil when the calendar has no such day or the day no such time. A second of 60 is the first of
  /// the next minute.
  private static func secondsSince1970(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
  ) -> Int64? {
    guard (1...12).contains(month), (1...31).contains(day), hour <= 23, minute <= 59,
      second <= 60
    else { return nil }
    // The second is added afterwards, so that only a day that the month does not have can move.
    let seconds = clinux_seconds_of(
      clinux_date(
        year: CInt(year), month: CInt(month), day: CInt(day), hour: CInt(hour),
        minute: CInt(minute), second: 0))
    guard clinux_date_of(seconds).day == CInt(day) else { return nil }
    return seconds + Int64(second)
  }
}

/// Reads fixed digits and fixed words from the front of a text.
private struct DigitScanner {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = text[...].utf8
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ expected: StaticString) -> Bool {
    let expected = expected.description.utf8
    guard rest.starts(with: expected) else { return false }
    rest = rest.dropFirst(expected.count)
    return true
  }

  /// Exactly so many ASCII digits.
  mutating func number(digits: Int) -> Int? {
    let found = rest.prefix(digits)
    guard found.count == digits, found.allSatisfy(Self.isDigit) else { return nil }
    rest = rest.dropFirst(digits)
    return found.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  mutating func word(among words: [String]) -> Int? {
    guard let index = words.firstIndex(where: { rest.starts(with: $0.utf8) }) else { return nil }
    rest = rest.dropFirst(words[index].utf8.count)
    return index
  }

  mutating func timeOfDay() -> (hour: Int, minute: Int, second: Int)? {
    guard let hour = number(digits: 2), take(":"), let minute = number(digits: 2), take(":"),
      let second = number(digits: 2)
    else { return nil }
    return (hour, minute, second)
  }

  /// Milliseconds of an optional `.` with one to nine digits.
  mutating func fraction() -> Int? {
    guard take(".") else { return 0 }
    let found = rest.prefix(while: Self.isDigit)
    guard (1...9).contains(found.count) else { return nil }
    rest = rest.dropFirst(found.count)
    let milliseconds = (Array(found) + [0x30, 0x30]).prefix(3)
    return milliseconds.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  /// Minutes east of Greenwich.
  mutating func offset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let sign: Int
    if take("+") {
      sign = 1
    } else if take("-") {
      sign = -1
    } else {
      return nil
    }
    guard let hours = number(digits: 2), hours <= 23, take(":"), let minutes = number(digits: 2),
      minutes <= 59
    else { return nil }
    return sign * (hours * 60 + minutes)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9")
  }
}
