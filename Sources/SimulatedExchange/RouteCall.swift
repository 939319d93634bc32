import Domain
import Matching

/// What a route's handler gets.
struct RouteCall {
  let parameters: Parameters
  let hiding: FaultPlan.Hiding?
  let now: Moment

  var visibility: SimulatedOrder.Visibility? {
    switch hiding {
    case nil: nil
    case .forEver: .never
    case .forDuration(let time): .from(now.monotonic.advanced(by: time))
    }
  }
}
