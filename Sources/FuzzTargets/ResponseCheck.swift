import Transport

enum ResponseCheck {
  /// Small, so that bodies beyond it come up.
  private static let limits = HTTPLimits(bodyMaximum: 512)

  private struct Answer: Equatable {
    let status: Int
    let headers: [String]
    let body: [UInt8]
    /// Bytes of the stream up to its end; nil when only the end of the connection ends it.
    let end: Int?
  }

  private struct Reading: Equatable {
    var answers: [Answer] = []
    /// Of the last one that nothing followed in the same piece.
    var violation: HTTPViolation?
  }

  static func check(_ input: [UInt8]) throws(Broken) {
    let whole = try read(input, cut: [])
    let cut = place(in: input)
    try require(try read(input, cut: [cut]) == whole, "cut at \(cut) it reads otherwise")
    try require(
      try read(input, cut: Array(0..<input.count)) == whole, "byte by byte it reads otherwise")
  }

  /// Feeds the input in pieces that end at the places of `cut`.
  private static func read(_ input: [UInt8], cut: [Int]) throws(Broken) -> Reading {
    var parser = HTTPResponseParser(limits: limits)
    var reading = Reading()
    var fed = 0
    for end in cut + [input.count] {
      var step = parser.feed(input.span.extracting(fed..<end))
      fed = end
      while case .complete(let response, let keepAlive, let leftover) = step {
        try require(leftover == 0 || !keepAlive, "a connection with bytes too many is kept")
        try check(response)
        reading.answers.append(answer(response, end: fed - leftover))
        step = parser.feed([UInt8]().span)
      }
      if case .failure(let violation) = step {
        reading.violation = violation
        return reading
      }
    }
    switch parser.finish() {
    case .needMore: throw Broken("waits for more after the end")
    case .complete(let response, let keepAlive, _):
      try require(!keepAlive, "a closed connection is kept")
      try check(response)
      reading.answers.append(answer(response, end: nil))
    case .failure(let violation): reading.violation = violation
    }
    return reading
  }

  private static func answer(_ response: HTTPResponse, end: Int?) -> Answer {
    Answer(
      status: response.status, headers: response.headers.map { "\($0.name):\($0.value)" },
      body: response.body, end: end)
  }

  private static func check(_ response: HTTPResponse) throws(Broken) {
    try require((200...599).contains(response.status), "status \(response.status)")
    try require(response.body.count <= limits.bodyMaximum, "a body over the limit")
    try require(response.headers.count <= HTTPLimits.fieldsMaximum, "too many fields")
    try requireFields(response.headers)
  }
}

/// No name or value can start another line or another field.
func requireFields(_ fields: HTTPFields) throws(Broken) {
  for field in fields {
    try require(!field.name.isEmpty, "a field without a name")
    for byte in field.name.utf8 {
      try require(byte > 0x20 && byte < 0x7F && byte != 0x3A, "byte \(byte) in a name")
    }
    for byte in field.value.utf8 {
      try require(byte >= 0x20 && byte != 0x7F || byte == 0x09, "byte \(byte) in a value")
    }
  }
}
