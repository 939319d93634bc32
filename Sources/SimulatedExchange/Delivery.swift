import Domain
package import Transport

/// What a client gets to see of an answer.
package enum Delivery: Sendable {
  case respond(HTTPResponse)
  case respondAfter(HTTPResponse, Duration)
  /// The request is to be processed when the time is over, and answered then.
  case processAfter(Duration, FaultPlan.Hiding?)
  case close(reset: Bool)
  case raw([UInt8], keepAlive: Bool)
  case cut(HTTPResponse, Int)
  case trickle(HTTPResponse, piece: Int, every: Duration)
}

/// A 429 or 418 that the operator has ordered for the next request.
package struct ForcedThrottle: Hashable, Sendable {
  /// How `Retry-After` is written (RFC 9110 §10.2.3).
  package enum Form: String, CaseIterable, Hashable, Sendable {
    case seconds, date, absent
  }

  /// `nil`: whatever comes next.
  package var route: Route?
  package var isBan: Bool
  package var wait: Duration
  package var form: Form

  /// A date has whole seconds only, so the wait ends with the first one that is not too early.
  func verdict(at now: WallTime) -> RateLimits.Verdict {
    var wait = wait
    if form == .date {
      let end = now.advanced(by: wait).milliseconds
      wait = .milliseconds((end + 999) / 1_000 * 1_000 - now.milliseconds)
    }
    return isBan ? .banned(wait) : .paused(wait)
  }
}

/// What the exchange has counted since it began.
package struct RequestCounts: Hashable, Sendable {
  package var byRoute: [Route: Int] = [:]
  package var unknownRoutes = 0
  /// Business errors by code.
  package var refusals: [Int: Int] = [:]
  /// Orders that were asked for in requests for several.
  package var batchedOrders = 0
  /// Requests inside a back-off, on a connection that had carried the demand for it.
  package var sentThoughTold = 0
  /// Faults by the name that a plan gives them.
  package var faults: [String: Int] = [:]

  package init() {}
}

extension FaultPlan.Fault {
  var name: String {
    switch self {
    case .lostBefore: "lost_before"
    case .lostAfter: "lost_after"
    case .late: "late"
    case .errorBefore: "error_before"
    case .errorAfter: "error_after"
    case .truncated: "truncated"
    case .garbage: "garbage"
    case .forbidden: "forbidden"
    case .empty: "empty"
    case .extra: "extra"
    case .trickle: "trickle"
    case .hidden: "hidden"
    case .wrongEcho: "wrong_echo"
    case .redirect: "redirect"
    case .answer: "answer"
    case .appendRow: "append_row"
    case .patch: "patch"
    }
  }
}

/// RFC 9110 §5.6.7, the preferred form.
enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func text(of time: WallTime) -> String {
    let seconds = time.milliseconds / 1_000
    let day = seconds / 86_400
    let (year, month, dayOfMonth) = civil(day)
    let clock = seconds % 86_400
    let fields = [clock / 3_600, clock / 60 % 60, clock % 60].map { twoDigits($0) }
    let date = "\(twoDigits(dayOfMonth)) \(months[Int(month) - 1]) \(year)"
    return "\(days[Int(day % 7)]), \(date) \(fields.joined(separator: ":")) GMT"
  }

  private static func twoDigits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : String(number)
  }

  /// The date of a day counted from 1970-01-01, in the Gregorian calendar: years are counted from
  /// March, so that the leap day is the last (H. Hinnant, "chrono-compatible low-level algorithms").
  private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
