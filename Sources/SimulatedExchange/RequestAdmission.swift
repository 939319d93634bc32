import Cryptography
package import Domain
import JSON
import Matching
import Transport

/// The checks that a request passes before any business, in the exchange's order: who sends it and
/// when, and whether the limits let it in.
package struct RequestAdmission {
  private let configuration: SimulatorConfiguration
  private let signer: HMACSHA256
  private(set) var limits: RateLimits
  /// What the operator has ordered for the next request.
  var forced: ForcedThrottle?
  /// How a wait is told at present.
  private var retryForm = ForcedThrottle.Form.seconds
  private(set) var badSignatures = 0
  private(set) var badTimestamps = 0
  /// Answers with status 429.
  package private(set) var throttled = 0
  /// Answers with status 418.
  package private(set) var banned = 0

  /// Whether every request is refused at this moment, whatever it costs.
  package func isClosed(at now: MonotonicTime) -> Bool { limits.isClosed(at: now) }

  init(_ configuration: SimulatorConfiguration) {
    self.configuration = configuration
    signer = HMACSHA256(key: Array(configuration.secret.utf8).span)
    limits = RateLimits(configuration.limits)
  }

  /// The answer to a client that has to wait; `nil` lets the request in. Throws the refusal of one that
  /// is not what it should be.
  mutating func admit(
    _ request: WireRequest, _ route: Route, _ parameters: Parameters, at now: Moment
  ) throws(Refusal) -> HTTPResponse? {
    do throws(Refusal) {
      try authenticate(request, route, parameters, at: now)
    } catch {
      limits.noteIntrusion(at: now.monotonic)
      throw error
    }
    return throttle(route, at: now)
  }

  // MARK: Identity

  private mutating func authenticate(
    _ request: WireRequest, _ route: Route, _ parameters: Parameters, at now: Moment
  ) throws(Refusal) {
    if route.needsContentType { try Self.checkContentType(request) }
    guard case .key(let permission) = route.access else { return }
    guard let key = request.headers.first("X-MEXC-APIKEY"), !key.isEmpty else {
      throw Refusal(400, "api key required")
    }
    guard key == configuration.key else { throw Refusal(10072, "Api key info invalid") }
    // One that has expired is as unknown, except to the request that tells of it.
    guard configuration.keyDays != 0 || route == .keyInfo else {
      throw Refusal(10072, "Api key info invalid")
    }
    guard configuration.isAddressAllowed else {
      throw Refusal(700006, "IP [127.0.0.1] not in the ip white list")
    }
    try checkTime(parameters, at: now)
    guard let signature = parameters.signature, parameters.isWellEncoded,
      signature == signer.hexDigest(of: parameters.signedBytes)
    else {
      badSignatures += 1
      throw Refusal(700002, "Signature for this request is not valid.")
    }
    guard configuration.permissions.contains(permission) else {
      throw Refusal(700007, "No permission to access the endpoint.")
    }
    if route.placesOrders { try checkMayTrade() }
  }

  private func checkMayTrade() throws(Refusal) {
    guard configuration.keyStatus == SimulatorConfiguration.validKey else {
      throw Refusal(10072, "Api key info invalid")
    }
    guard configuration.isAccountOpen else { throw Refusal(60005, "your account is abnormal") }
  }

  private static func checkContentType(_ request: WireRequest) throws(Refusal) {
    let type = request.headers.first("Content-Type") ?? ""
    let media = type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    guard media == "application/json" else { throw Refusal(700013, "Invalid content Type.") }
  }

  /// Longest receive window that the exchange takes, in milliseconds.
  private static let receiveWindowMaximum: Int64 = 60_000
  private static let receiveWindowDefault: Int64 = 5_000
  /// How far a timestamp may be ahead of the exchange's clock, in milliseconds.
  private static let aheadMaximum: Int64 = 1_000

  private mutating func checkTime(_ parameters: Parameters, at now: Moment) throws(Refusal) {
    guard let text = parameters["timestamp"], let timestamp = Int64(text), timestamp >= 0 else {
      throw .missing("timestamp")
    }
    let window = try parameters.integer("recvWindow", default: Self.receiveWindowDefault)
    let server = now.wall.milliseconds
    guard timestamp < server + Self.aheadMaximum, server - timestamp <= window else {
      badTimestamps += 1
      throw Refusal(700003, "Timestamp for this request is outside of the recvWindow.")
    }
    guard window <= Self.receiveWindowMaximum else {
      throw Refusal(700005, "recvWindow must less than 60000")
    }
  }

  // MARK: Limits

  private mutating func throttle(_ route: Route, at now: Moment) -> HTTPResponse? {
    if let forced, forced.route == nil || forced.route == route {
      self.forced = nil
      retryForm = forced.form
      let verdict = forced.verdict(at: now.wall)
      limits.force(verdict, at: now.monotonic)
      return refused(verdict, at: now.wall)
    }
    if !limits.isClosed(at: now.monotonic) { retryForm = .seconds }
    return refused(limits.admit(route.cost, at: now.monotonic), at: now.wall)
  }

  private mutating func refused(_ verdict: RateLimits.Verdict, at now: WallTime) -> HTTPResponse? {
    switch verdict {
    case .admitted: return nil
    case .paused(let wait):
      throttled += 1
      return throttled(429, "Too Many Requests", wait, at: now)
    case .banned(let wait):
      banned += 1
      return throttled(418, "IP banned for sending too many requests", wait, at: now)
    }
  }

  private func throttled(
    _ status: Int, _ text: String, _ wait: Duration, at now: WallTime
  ) -> HTTPResponse {
    var response = HTTPResponse.json(status, ["code": .integer(status), "msg": .string(text)])
    switch retryForm {
    case .seconds: response.headers.append(("Retry-After", String(wait.roundedUpToSeconds)))
    case .date:
      response.headers.append(("Retry-After", HTTPDate.text(of: now.advanced(by: wait))))
    case .absent: break
    }
    return response
  }
}
