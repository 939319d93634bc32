import Cryptography
import Domain
import JSON
import Matching
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

/// Makes requests as a careful client does: everything in the query, signed as it is sent.
struct TestClient {
  var key = SimulatorConfiguration.demoKey
  var secret = SimulatorConfiguration.demoSecret
  /// Milliseconds between the test's beginning and the stamp.
  var stamp: Int64 = 0
  var receiveWindow: Int64? = 5_000
  var contentType: String? = "application/json"

  func signed(_ route: Route, _ query: String = "", body: String = "") -> WireRequest {
    var text = query
    if let receiveWindow { text += (text.isEmpty ? "" : "&") + "recvWindow=\(receiveWindow)" }
    text += (text.isEmpty ? "" : "&") + "timestamp=\(moment(stamp).wall.milliseconds)"
    return plain(route, text + "&signature=" + signature(text + body), body: body)
  }

  func signature(_ text: String) -> String {
    HMACSHA256(key: Array(secret.utf8).span).hexDigest(of: Array(text.utf8))
  }

  func plain(_ route: Route, _ query: String = "", body: String = "") -> WireRequest {
    let parts = route.rawValue.split(separator: " ").map(String.init)
    var headers: HTTPFields = []
    if !key.isEmpty { headers.append(("X-MEXC-APIKEY", key)) }
    if let contentType { headers.append(("Content-Type", contentType)) }
    return WireRequest(
      method: parts[0], path: parts[1], query: query, headers: headers, body: Array(body.utf8))
  }
}

extension SpotFace {
  /// A face where nothing happens by chance but the forms of answers.
  static func certain(
    _ change: (inout SimulatorConfiguration) -> Void = { _ in }
  ) -> SpotFace {
    var configuration = SimulatorConfiguration()
    configuration.rules = .certain
    change(&configuration)
    return SpotFace(configuration, at: moment())
  }

  mutating func answer(_ request: WireRequest, at milliseconds: Int64 = 0) -> TestAnswer {
    guard case .respond(let response) = receive(request, at: moment(milliseconds)) else {
      return TestAnswer(status: 0, json: nil, headers: [])
    }
    return TestAnswer(response)
  }

  mutating func admin(_ method: String, _ target: String, body: String = "") -> TestAnswer {
    let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
    return answer(
      WireRequest(
        method: method, path: "/__admin/" + parts[0], query: parts.count > 1 ? parts[1] : "",
        body: Array(body.utf8)))
  }

  /// A number of the ledger's counts.
  func count(_ name: String) -> Int? {
    ledger()["counts"]?[name]?.numberValue.flatMap { Int($0) }
  }
}

struct TestAnswer {
  let status: Int
  let json: JSONValue?
  let headers: HTTPFields

  init(status: Int, json: JSONValue?, headers: HTTPFields) {
    self.status = status
    self.json = json
    self.headers = headers
  }

  init(_ response: HTTPResponse) {
    self.init(
      status: response.status, json: try? JSONReader.read(response.body, limits: .exchange),
      headers: response.headers)
  }

  /// The code of a business error.
  var code: Int? { json?["code"]?.numberValue.flatMap { Int($0) } }

  subscript(name: String) -> String? { json?[name]?.stringValue }
}

let limitBuy = "symbol=LINKUSDT&side=BUY&type=LIMIT&quantity=2&price=20"
