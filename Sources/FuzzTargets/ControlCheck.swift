import Control

enum ControlCheck {
  static func check(_ input: [UInt8]) throws(Broken) {
    try checkRequest(input)
    if let answer = ControlAnswer(input) {
      try require(ControlAnswer(answer.line) == answer, "an answer that reads as another")
    }
  }

  private static func checkRequest(_ input: [UInt8]) throws(Broken) {
    let request: ControlRequest
    do throws(ControlFailure) {
      request = try ControlRequest.read(input)
    } catch {
      try requireMessage(error.message)
      let answer = ControlAnswer.failure(error)
      try require(ControlAnswer(answer.line) == answer, "a failure that reads as another")
      return
    }
    try require(request.line.count <= ControlRequest.maximumBytes, "a request over the limit")
    let again = try? ControlRequest.read(request.line)
    try require(again == request, "a request that reads as another")
  }
}
