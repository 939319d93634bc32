import Daemon
import Domain
import Transport

/// What stands behind the toy venue: it fills the one order that it is sent at once.
final class ToyExchange: RequestCarrier {
  /// Without the stamp and the receive window, which end every path.
  private(set) var targets: [String] = []
  private var placed: [String] = []
  private let now: () -> Moment

  init(now: @escaping () -> Moment) {
    self.now = now
  }

  func start() {}
  func close() {}
  func withdrawWaiting(_ kind: HTTPClient.Kind?) {}

  func send(
    _ request: HTTPRequest, _ kind: HTTPClient.Kind, before deadline: MonotonicTime?,
    completion: @escaping HTTPClient.Completion
  ) {
    let path = request.target.split(separator: "/").map(String.init).dropLast(2)
    targets.append("\(request.method.rawValue) /\(path.joined(separator: "/"))")
    let body = Array(answer(Array(path), isPlacement: request.method == .post).utf8)
    completion(.success(HTTPResponse(status: 200, body: body)))
  }

  private func answer(_ path: [String], isPlacement: Bool) -> String {
    switch path[0] {
    case "now": return "now \(now().wall.milliseconds)"
    case "rules":
      return """
        instruments 1
        rules TOYUSDT TOY USDT open both limit 0.01 0.001 0.01 0.001 0.01 0.01 none none none none
        """
    case "prices": return "prices 1\nprice TOYUSDT 100"
    default:
      if isPlacement {
        placed = path
        return "placed 7"
      }
      return
        "order TOYUSDT 7 \(placed[2]) \(placed[3]) limit \(placed[7]) \(placed[6]) 2 198 filled"
    }
  }
}
