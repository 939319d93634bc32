import Domain
import Transport

/// The exchange is out of reach: there is no connection, or what is asked over one is not answered.
struct ExchangeOutage {
  /// What is answered within this time is slow, and nobody's business.
  static let answerTimeout: Duration = .seconds(20)

  let message: String
  let advice: String

  /// `nil` while it is in reach, as far as one can tell.
  init?(_ connections: HTTPClientStatus, at now: MonotonicTime) {
    if connections.open == 0, let error = connections.lastError {
      message = "there is no connection to the exchange; it is tried again (\(error))"
      advice = error.advice(about: "exchange.rest_url")
    } else if let unanswered = connections.unanswered,
      now.since(unanswered.since) >= Self.answerTimeout
    {
      let time = now.since(unanswered.since).wholeMilliseconds / 1_000
      let reason = unanswered.error.map { " (\($0))" } ?? ""
      message = "the exchange has answered nothing for \(time) s; it is asked again\(reason)"
      advice = "check the network and the firewall, and whether the exchange reports trouble"
    } else {
      return nil
    }
  }
}
