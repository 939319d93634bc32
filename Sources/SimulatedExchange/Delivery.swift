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
