import Daemon
import Domain
import Transport

/// What stands behind the toy venue: it fills every order at once.
final class ToyExchange: RequestCarrier {
  private(set) var targets: [String] = []
  private var sides: [String: String] = [:]
  private let now: () -> Moment

  init(now: @escaping () -> Moment) {
    self.now = now
  }

  func start() {}
  func close() {}
  func withdrawWaiting() {}

  func send(
    _ request: HTTPRequest, _ kind: HTTPClient.Kind, before deadline: MonotonicTime?,
    completion: @escaping HTTPClient.Completion
  ) {
    targets.append("\(request.method.rawValue) \(request.target)")
    let body = Array(answer(request.target.split(separator: "/").map(String.init)).utf8)
    completion(.success(HTTPResponse(status: 200, body: body)))
  }

  private func answer(_ path: [String]) -> String {
    switch path[0] {
    case "now": return String(now().wall.milliseconds)
    case "rules": return "0.01 0.001"
    case "price": return "100"
    default:
      guard path.count == 3 else { return "\(path[1]) \(sides[path[1]] ?? "none") 2 198" }
      sides[path[1]] = path[2]
      return path[1]
    }
  }
}
