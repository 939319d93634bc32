import Domain
import MEXC
import Transport

/// Stands before the simulated exchange, which speaks MEXC's words, and speaks the toy venue's outward.
struct ToyGateway {
  private let credentials: MEXC.Credentials

  init(_ credentials: MEXC.Credentials) {
    self.credentials = credentials
  }

  func inward(_ request: HTTPRequest) -> HTTPRequest {
    let call = understood(request)
    var exchange = exchange(call)
    guard let inner = exchange.httpRequest(for: call.request, stampedAt: call.stampedAt)
    else { preconditionFailure("the gateway has credentials for every request") }
    return inner
  }

  /// What proves nothing goes out as it is.
  func outward(_ response: HTTPResponse, to request: HTTPRequest) -> HTTPResponse {
    let call = understood(request)
    var exchange = exchange(call)
    let answer = exchange.answer(to: call.request, .success(response), now: call.stampedAt)
    guard let text = ToyAnswerWriter.text(of: answer) else { return response }
    return HTTPResponse(status: 200, body: Array(text.utf8))
  }

  private func exchange(_ call: ToyCall) -> MEXCSpot {
    MEXCSpot(credentials: credentials, receiveWindow: call.receiveWindow)
  }

  private func understood(_ request: HTTPRequest) -> ToyCall {
    guard let call = ToyCall(request) else {
      preconditionFailure("the toy venue does not write what it cannot read: \(request.target)")
    }
    return call
  }
}
