import Domain
import Testing

@Suite struct CivilTimeTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
    (1_735_603_200_000, "2024-12-31T00:00:00.000Z"),
    (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func `writes the date`(_ milliseconds: Int64, _ text: String) {
    #expect(WallTime(milliseconds: milliseconds).text == text)
  }

  /// Whatever a damaged record holds can be written.
  @Test(arguments: [Int64.min, .max])
  func `writes any time`(_ milliseconds: Int64) {
    #expect(WallTime(milliseconds: milliseconds).text.hasSuffix("Z"))
  }

  /// Counted day by day through more than one cycle of the calendar.
  @Test func `every day follows the one before`() {
    var (year, month, day) = (1600, 1, 1)
    let first: Int64 = -11_676_096_000_000
    for number in 0..<Int64(150_000) {
      func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
      let time = WallTime(milliseconds: first + number * 86_400_000)
      guard time.text == "\(year)-\(two(month))-\(two(day))T00:00:00.000Z" else {
        Issue.record("\(time.text) is not \(year)-\(month)-\(day)")
        return
      }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[month - 1] { (day, month) = (1, month + 1) }
      if month > 12 { (month, year) = (1, year + 1) }
    }
  }
}
