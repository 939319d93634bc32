import Domain
import Platform
import Testing
import Transport

/// The condition did not come about in time.
struct TimeUp: Error {}

extension EventLoop {
  /// Turns until the condition holds. The limit is real time, on whatever clock the loop is, and far
  /// beyond what a healthy run needs.
  func run(until condition: () -> Bool, within limit: Duration = .seconds(20)) throws {
    let deadline = Clock.monotonic().advanced(by: limit)
    while !condition() {
      let left = deadline.since(Clock.monotonic())
      guard left > .zero else { throw TimeUp() }
      try turn(until: now.advanced(by: left))
    }
  }

  /// Turns for a while, to see that nothing happens.
  func run(for duration: Duration) throws {
    let deadline = Clock.monotonic().advanced(by: duration)
    while true {
      let left = deadline.since(Clock.monotonic())
      guard left > .zero else { return }
      try turn(until: now.advanced(by: left))
    }
  }
}

typealias Answer = Result<HTTPResponse, TransportError>

extension HTTPClient {
  /// Sends and turns the loop until the answer or the error is there.
  func exchange(_ request: HTTPRequest, _ kind: Kind = .ordinary) throws -> Answer {
    var answer: Answer?
    send(request, kind) { answer = $0 }
    try loop.run(until: { answer != nil })
    return try #require(answer)
  }
}

extension Result where Success == HTTPResponse, Failure == TransportError {
  var status: Int? { try? get().status }

  var text: String? { (try? get().body).map { String(decoding: $0, as: UTF8.self) } }

  var error: TransportError? {
    switch self {
    case .success: nil
    case .failure(let error): error
    }
  }
}

func endpoint(_ port: UInt16, _ scheme: String = "http", host: String = "127.0.0.1") throws
  -> Endpoint
{
  try Endpoint("\(scheme)://\(host):\(port)")
}
