import Domain
import Platform
import Testing

@Suite struct `Timestamps` {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0),
    ("1970-01-01T00:00:00.001Z", 1),
    ("2026-09-25T10:11:12.345Z", 1_790_331_072_345),
    ("2026-09-25t10:11:12.345z", 1_790_331_072_345),
    ("2026-09-25T10:11:12.3Z", 1_790_331_072_300),
    ("2026-09-25T10:11:12.345999999Z", 1_790_331_072_345),
    ("2026-09-25T12:11:12+02:00", 1_790_331_072_000),
    ("2026-09-25T04:41:12-05:30", 1_790_331_072_000),
    ("2026-09-25T10:11:12-00:00", 1_790_331_072_000),
    ("2024-02-29T00:00:00Z", 1_709_164_800_000),
    ("2000-02-29T23:59:59Z", 951_868_799_000),
    ("1969-12-31T23:59:59.999Z", -1),
    ("9999-12-31T23:59:59Z", 253_402_300_799_000),
    ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ("2026-01-01T00:30:00+23:59", 1_767_141_060_000),
  ])
  func `RFC 3339 is read`(text: String, milliseconds: Int64) {
    #expect(Timestamp.parse(text) == WallTime(milliseconds: milliseconds))
  }

  @Test(arguments: [
    "", "2026-09-25", "2026-09-25T10:11:12", "2026-09-25 10:11:12Z", "2026-9-25T10:11:12Z",
    "2026-09-25T10:11Z", "2026-09-25T10:11:12.Z", "2026-09-25T10:11:12.1234567890Z",
    "2026-09-25T10:11:12,5Z", "2026-09-25T24:00:00Z", "2026-09-25T10:60:12Z",
    "2026-12-31T23:59:60Z", "2026-00-25T10:11:12Z", "2026-13-25T10:11:12Z",
    "2026-09-31T10:11:12Z", "2026-02-29T10:11:12Z", "1900-02-29T10:11:12Z",
    "2026-09-00T10:11:12Z", "2026-09-25T10:11:12+2:00", "2026-09-25T10:11:12+0200",
    "2026-09-25T10:11:12+24:00", "2026-09-25T10:11:12+02:60", "2026-09-25T10:11:12Z ",
    " 2026-09-25T10:11:12Z", "+026-09-25T10:11:12Z", "2026-09-25T10:11:12ZZ",
    "12026-09-25T10:11:12Z", "2026-09-25T１０:11:12Z", "1790331072345", "2026-09-25T10:11:12UTC",
  ])
  func `what is not RFC 3339 is refused`(text: String) {
    #expect(Timestamp.parse(text) == nil)
  }

  @Test(arguments: [
    (1_790_331_072_345, "2026-09-25T10:11:12.345Z"),
    (0, "1970-01-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
    (-1_000, "1969-12-31T23:59:59.000Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func `times are written with milliseconds`(milliseconds: Int64, text: String) {
    #expect(WallTime(milliseconds: milliseconds).text == text)
    #expect(Timestamp.parse(text) == WallTime(milliseconds: milliseconds))
  }

  private static let now = WallTime(milliseconds: 1_790_331_072_345)

  @Test(arguments: [
    ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
    ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
    ("Sun Nov  6 08:49:37 1994", 784_111_777),
    ("Wed Nov 16 08:49:37 1994", 784_975_777),
    ("Fri, 25 Sep 2026 10:12:00 GMT", 1_790_331_120),
    ("Friday, 25-Sep-26 10:12:00 GMT", 1_790_331_120),
    // Fifty years ahead is still ahead, one more is the past century.
    ("Friday, 25-Sep-76 00:00:00 GMT", 3_368_217_600),
    ("Saturday, 25-Sep-77 00:00:00 GMT", 243_993_600),
    ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
  ])
  func `the three HTTP dates are read`(text: String, seconds: Int64) {
    #expect(
      Timestamp.parseHTTPDate(text, now: Self.now) == WallTime(milliseconds: seconds * 1_000))
  }

  @Test(arguments: [
    "", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
    "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT", "Sun Nov 06 08:49:37 1994 GMT",
    "Xxx, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
  ])
  func `what is no HTTP date is refused`(text: String) {
    #expect(Timestamp.parseHTTPDate(text, now: Self.now) == nil)
  }
}
