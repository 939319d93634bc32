import Platform
import Transport

enum RequestCheck {
  /// Small, so that bodies beyond it come up.
  private static let limits = HTTPLimits(bodyMaximum: 512)
  private static let serializer = (try? Endpoint("http://127.0.0.1:8080")).map {
    HTTPRequestSerializer(endpoint: $0, userAgent: "fuzz")
  }

  private struct Reading {
    var requests: [ReceivedRequest] = []
    var keepAlive: [Bool] = []
    var violation: HTTPViolation?
  }

  static func check(_ input: [UInt8]) throws(Broken) {
    let whole = try read(input, cut: [])
    for cut in [[place(in: input)], Array(0..<input.count)] {
      let other = try read(input, cut: cut)
      try require(
        isSame(whole, other), "in \(cut.count + 1) pieces it reads otherwise")
    }
    for request in whole.requests { try checkRepetition(of: request) }
  }

  private static func read(_ input: [UInt8], cut: [Int]) throws(Broken) -> Reading {
    var parser = HTTPRequestParser(limits: limits)
    var reading = Reading()
    var fed = 0
    for end in cut + [input.count] {
      parser.append(input.span.extracting(fed..<end))
      fed = end
      try drain(&parser, into: &reading)
      if reading.violation != nil { return reading }
    }
    return reading
  }

  private static func drain(
    _ parser: inout HTTPRequestParser, into reading: inout Reading
  ) throws(Broken) {
    var hasContinued = false
    while true {
      switch parser.next() {
      case .needMore: return
      case .wantsContinue:
        try require(!hasContinued, "asks twice whether to go on")
        hasContinued = true
      case .complete(let request, let keepAlive):
        hasContinued = false
        try require(request.body.count <= limits.bodyMaximum, "a body over the limit")
        try require(request.headers.count <= HTTPLimits.fieldsMaximum, "too many fields")
        try requireFields(request.headers)
        reading.requests.append(request)
        reading.keepAlive.append(keepAlive)
      case .failure(let violation):
        reading.violation = violation
        return
      }
    }
  }

  private static func isSame(_ left: Reading, _ right: Reading) -> Bool {
    left.violation == right.violation && left.keepAlive == right.keepAlive
      && left.requests.count == right.requests.count
      && zip(left.requests, right.requests).allSatisfy(isSame)
  }

  private static func isSame(_ left: ReceivedRequest, _ right: ReceivedRequest) -> Bool {
    haveSameBytes(left.method, right.method) && haveSameBytes(left.path, right.path)
      && left.query.map { Array($0.utf8) } == right.query.map { Array($0.utf8) }
      && left.body == right.body && isSame(left.headers, right.headers)
  }

  private static func isSame(_ left: HTTPFields, _ right: HTTPFields) -> Bool {
    left.count == right.count
      && zip(left, right).allSatisfy {
        haveSameBytes($0.name, $1.name) && haveSameBytes($0.value, $1.value)
      }
  }

  /// What a stranger's request holds, sent by us, is one request that says the same: no value breaks
  /// out of its place.
  private static func checkRepetition(of request: ReceivedRequest) throws(Broken) {
    guard let serializer else { throw Broken("there is no serializer") }
    let target = request.path + (request.query.map { "?" + $0 } ?? "")
    guard let method = HTTPRequest.Method(rawValue: request.method) else { return }
    let copy = HTTPRequest(
      method, target, headers: request.headers.filter { mayBeSent($0.name) }, body: request.body)
    // What a buffer holds from before must not show.
    var bytes = Array("POST /".utf8)
    guard (try? serializer.write(copy, to: &bytes)) != nil else { return }
    let again = try read(bytes, cut: [])
    try require(again.violation == nil && again.requests.count == 1, "sent, it is not one request")
    let sent = again.requests[0]
    try require(
      haveSameBytes(sent.method, request.method) && haveSameBytes(sent.path, request.path)
        && sent.query == request.query && sent.body == request.body,
      "sent, it is another request")
    let fields = sent.headers.filter { mayBeSent($0.name) }
    try require(
      isSame(fields, request.headers.filter { mayBeSent($0.name) }), "sent, it has other fields")
  }

  /// The client sets the rest itself.
  private static func mayBeSent(_ name: String) -> Bool {
    let reserved = [
      "host", "content-length", "transfer-encoding", "accept-encoding", "connection", "user-agent",
      "expect", "upgrade", "te", "trailer",
    ]
    return !reserved.contains(name.lowercased())
  }
}
