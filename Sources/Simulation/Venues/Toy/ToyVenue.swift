package import Daemon
package import Domain
import Execution
package import Transport

/// A second venue, as different from the first as the seam allows: it is addressed by paths, answers in
/// lines of words, says itself whether a refusal is final, takes orders one by one, limits no pairs,
/// has no streams, and lists reach back a day.
package struct ToyVenue: Venue {
  package static let traits = VenueTraits(
    name: "toy", cost: cost, limitsPairs: false, accountReadsPerSecond: 2,
    stampLead: .seconds(1), listReach: .seconds(24 * 60 * 60), worthAList: .max)

  private let receiveWindow: Duration

  package init(receiveWindow: Duration) {
    self.receiveWindow = receiveWindow
  }

  package var traits: VenueTraits { Self.traits }

  package var accountStreamTarget: String? { nil }

  /// Every list costs alike. Never less than at the exchange behind it.
  private static func cost(of request: ExchangeRequest) -> RequestCost {
    switch request {
    case .serverTime, .prices: RequestCost(ipWeight: 10, uidWeight: 0)
    case .instruments: RequestCost(ipWeight: 25, uidWeight: 0)
    case .place, .validate, .cancel: RequestCost(ipWeight: 1, uidWeight: 1, isOrder: true)
    case .order: RequestCost(ipWeight: 2, uidWeight: 2)
    case .openOrders, .recentOrders, .trades, .tradableSymbols, .keyInformation,
      .accountRights, .openAccountStream,
      .extendAccountStream:
      RequestCost(ipWeight: 10, uidWeight: 10)
    }
  }

  package mutating func begin(
    _ request: ExchangeRequest, stampedAt: WallTime, now: Moment
  ) -> VenueStep {
    let call = ToyCall(request: request, stampedAt: stampedAt, receiveWindow: receiveWindow)
    guard let http = call.httpRequest else {
      return .answered(.failed(.notSent("the toy venue does not know such requests")))
    }
    return .send(http)
  }

  package mutating func answer(
    to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>,
    earliest: WallTime, now: Moment
  ) -> ExchangeAnswer {
    switch result {
    case .failure(let error):
      switch error.progress {
      case .notSent: return .failed(.notSent(error.description))
      case .perhapsSent: return .failed(.noAnswer(error.description))
      }
    case .success(let response): return answer(to: request, response)
    }
  }

  private func answer(to request: ExchangeRequest, _ response: HTTPResponse) -> ExchangeAnswer {
    let text = String(decoding: response.body, as: UTF8.self)
    switch response.status {
    case 200:
      return ToyAnswerReader.read(text, to: request)
        ?? .failed(.unreadable("\(response.body.count) bytes"))
    case 403: return .failed(.blocked("the toy venue refuses this machine"))
    case 418, 429:
      let seconds = response.header("Retry-After").flatMap { Int64($0) } ?? 10
      return .failed(
        .throttled(
          ThrottleNotice(wait: .seconds(seconds), isBan: response.status == 418, text: "slower")))
    default: return .failed(.unreadable("status \(response.status)"))
    }
  }
}
