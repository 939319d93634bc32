import Domain
import Foundation
import Platform
import Testing

@Suite struct `Local time` {
  @Test func `a time is shown with the zone that holds then`() async {
    // The zone is a whole process's, so a child is asked.
    await #expect(processExitsWith: .success) {
      unsafe setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1)
      tzset()
      func shown(_ text: String) -> String? { Timestamp.parse(text).map { LocalTime.format($0) } }
      let right =
        shown("2026-07-01T12:00:00.250Z") == "2026-07-01T08:00:00.250-04:00"
        && shown("2026-12-31T23:59:59Z") == "2026-12-31T18:59:59.000-05:00"
        && Timestamp.parse("2026-07-01T00:00:00Z").map { LocalTime.moment(shownAs: $0) }
          == Timestamp.parse("2026-07-01T04:00:00Z")
      unsafe setenv("TZ", "<+0545>-5:45", 1)
      tzset()
      let isEast = shown("2026-07-01T20:00:00Z") == "2026-07-02T01:45:00.000+05:45"
      unsafe setenv("TZ", "UTC0", 1)
      tzset()
      let isUTC = shown("2026-07-01T20:00:00Z") == "2026-07-01T20:00:00.000Z"
      exit(right && isEast && isUTC ? 0 : 1)
    }
  }
}
