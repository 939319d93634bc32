package import Domain
import JSON
import Platform
package import Transport

/// MEXC's spot market: the domain's requests as HTTP, and its answers in the domain's words.
///
/// Everything travels in the query string, also for POST and DELETE, with an empty body: the one
/// form that needs no agreement about how a body is signed.
package struct MEXCSpot {
  /// Facts of the spot API, version 3: its documentation, and what was measured of it.
  package static let spotTraits = VenueTraits(
    name: "mexc-spot", cost: cost, limitsPairs: true, accountReadsPerSecond: 2,
    ordersPerSecond: 12, ordersPerPlacement: 20, batchesPerSecond: 2,
    stampLead: .seconds(1),
    // Lists reach back seven days; one day less, for clocks that disagree.
    listReach: .seconds(6 * 24 * 60 * 60),
    // A list weighs 10, a single look 2.
    worthAList: 6,
    // A listen key lives 60 minutes; extending it every 30 is advised.
    accountStreamRefresh: .seconds(25 * 60),
    // It tells whole days.
    keyInformationRefresh: .seconds(6 * 60 * 60),
    // Answered before the connection stops being trusted with an order.
    keepAlive: HTTPClient.Configuration.freshness - .seconds(1))

  private let credentials: Credentials?
  private let receiveWindow: Duration
  /// Of the latest request: the next one is written into its memory.
  private var target = RequestTarget()
  /// Throttling answers in a row that named no time to wait.
  private var unstatedThrottles = 0
  /// The wait that followed the last of them.
  private var unstatedWait: Range<WallTime>?
  private var accountStream = AccountStreamKey()

  /// Without `credentials` only the public requests can be made.
  package init(credentials: Credentials?, receiveWindow: Duration) {
    self.credentials = credentials
    self.receiveWindow = receiveWindow
  }

  /// The request as it goes out. `stampedAt` is the exchange's time. `nil` when the request must be
  /// signed and there are no credentials.
  package mutating func httpRequest(
    for request: ExchangeRequest, stampedAt: WallTime
  ) -> HTTPRequest? {
    let call = Call(
      request, apiKey: credentials?.apiKey, listenKey: accountStream.key, into: &target)
    guard call.isSigned else { return HTTPRequest(call.method, target.bytes) }
    guard let credentials else { return nil }
    target.add("recvWindow", receiveWindow.wholeMilliseconds)
    target.add("timestamp", stampedAt.milliseconds)
    target.sign(with: credentials)
    return HTTPRequest(call.method, target.bytes, headers: credentials.fields(of: call.method))
  }

  /// What the exchange's answer to `request`, or the lack of one, means. `now` is the exchange's time
  /// as far as it is known: it places a `Retry-After` that is a date, where the answer bears none.
  package mutating func answer(
    to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>, now: WallTime
  ) -> ExchangeAnswer {
    let secrets = KnownSecrets(apiKey: credentials?.apiKey, listenKey: accountStream.key)
    let reader = AnswerReader(request: request, secrets: secrets)
    let throttles = unstatedThrottles
    switch outcome(of: result, isPlacement: request.isPlacement, hiding: secrets, now: now) {
    case .success(let body):
      if let request = AccountStreamKey.Request(request) {
        return accountStream.take(body, to: request)
      }
      let answer = reader.answer(from: body)
      guard case .placed(let outcomes) = answer, case .success(let response) = result
      else { return answer }
      return .placed(withWait(outcomes, in: response, after: throttles, now: now))
    case .failure(.refused(let error)): return reader.answer(from: error)
    case .failure(let failure): return .failed(failure)
    }
  }

  /// The key of the account's stream, once it was made.
  package var listenKey: ListenKey? { accountStream.key }

  /// A good answer's body, or why there is none.
  private mutating func outcome(
    of result: Result<HTTPResponse, TransportError>, isPlacement: Bool,
    hiding secrets: KnownSecrets, now: WallTime
  ) -> Result<JSONValue, ExchangeFailure> {
    switch result {
    case .failure(let error):
      switch error.progress {
      case .notSent: return .failure(.notSent(error.description))
      case .perhapsSent: return .failure(.noAnswer(error.description))
      }
    case .success(let response):
      let reply = Reply(response, isPlacement: isPlacement, hiding: secrets)
      return outcome(of: response, reply, now: now)
    }
  }

  private mutating func outcome(
    of response: HTTPResponse, _ reply: Reply, now: WallTime
  ) -> Result<JSONValue, ExchangeFailure> {
    switch reply {
    case .throttled(let isBan, let text, let isDefinite):
      var notice = throttleNotice(for: response, isBan: isBan, text: text, now: now)
      notice.isDefinite = isDefinite
      return .failure(.throttled(notice))
    case .success(let body):
      unstatedThrottles = 0
      return .success(body)
    case .refused(let error):
      unstatedThrottles = 0
      return .failure(.refused(error))
    case .blocked(let text): return .failure(.blocked(text))
    case .unreadable(let text): return .failure(.unreadable(text))
    }
  }

  /// A limit that refused some orders of a request concerns them all: they have one wait.
  private mutating func withWait(
    _ outcomes: [Result<String, ExchangeFailure>], in response: HTTPResponse,
    after throttles: Int, now: WallTime
  ) -> [Result<String, ExchangeFailure>] {
    let notices = outcomes.compactMap(\.throttleNotice)
    guard let first = notices.first else { return outcomes }
    unstatedThrottles = throttles
    let isBan = notices.contains(where: \.isBan)
    let demand = throttleNotice(for: response, isBan: isBan, text: first.text, now: now)
    return outcomes.map { outcome in
      guard var notice = outcome.throttleNotice else { return outcome }
      notice.wait = demand.wait
      notice.isBan = demand.isBan
      return .failure(.throttled(notice))
    }
  }

  private mutating func throttleNotice(
    for response: HTTPResponse, isBan: Bool, text: String, now: WallTime
  ) -> ThrottleNotice {
    if let wait = RetryAfter.wait(in: response.headers, now: now) {
      unstatedThrottles = 0
      return ThrottleNotice(wait: wait, isBan: isBan, text: text)
    }
    // Nothing leaves in a wait: what is answered then had left before, and asks for no more of it.
    if !isBan, let unstatedWait, unstatedWait.contains(now) {
      return ThrottleNotice(wait: RetryAfter.minimum, isBan: isBan, text: text)
    }
    let wait = isBan ? RetryAfter.unstatedBan : RetryAfter.unstated(after: unstatedThrottles)
    unstatedThrottles += 1
    unstatedWait = now..<now.advanced(by: wait)
    return ThrottleNotice(wait: wait, isBan: isBan, text: text)
  }
}
