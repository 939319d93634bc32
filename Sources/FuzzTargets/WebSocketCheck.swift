import Transport

enum WebSocketCheck {
  /// Small, so that messages beyond it come up.
  private static let messageMaximum = 512

  static func check(_ input: [UInt8]) throws(Broken) {
    for role in [WebSocketRole.client, .server] {
      let whole = try read(input, role, cut: [])
      for cut in [[place(in: input)], Array(0..<input.count)] {
        try require(
          try read(input, role, cut: cut) == whole, "in \(cut.count + 1) pieces it reads otherwise")
      }
      try checkRepetition(of: whole)
    }
  }

  /// Feeds the input in pieces that end at the places of `cut`.
  private static func read(
    _ input: [UInt8], _ role: WebSocketRole, cut: [Int]
  ) throws(Broken) -> [WebSocketParser.Step] {
    var parser = WebSocketParser(role: role, messageMaximum: messageMaximum)
    var steps: [WebSocketParser.Step] = []
    var fed = 0
    for end in cut + [input.count] {
      parser.append(input.span.extracting(fed..<end))
      fed = end
      while let step = next(&parser) {
        try check(step)
        steps.append(step)
        if case .failure = step { return steps }
      }
    }
    return steps
  }

  private static func next(_ parser: inout WebSocketParser) -> WebSocketParser.Step? {
    let step = parser.next()
    return step == .needMore ? nil : step
  }

  private static func check(_ step: WebSocketParser.Step) throws(Broken) {
    switch step {
    case .needMore: break
    case .text(let text):
      try require(text.utf8.count <= messageMaximum, "a message over the limit")
    case .binary(let bytes):
      try require(bytes.count <= messageMaximum, "a message over the limit")
    case .ping(let payload), .pong(let payload):
      try require(
        payload.count <= WebSocketLimits.controlMaximum, "a control frame over its limit")
    case .close(let code, let reason):
      try require(code?.isAllowedOnWire ?? reason.isEmpty, "a close code that may not be sent")
      try require(reason.utf8.count <= 123, "a close reason over the limit")
      if let code { try requireMessage(WebSocketEnd.closedByPeer(code, reason).description) }
    case .failure(let violation):
      try require(violation.closeCode.isAllowedOnWire, "\(violation) cannot be told")
      try requireMessage(WebSocketEnd.violation(violation).description)
    }
  }

  /// What was read, written by either side, is read again as the same by the other.
  private static func checkRepetition(of steps: [WebSocketParser.Step]) throws(Broken) {
    let repeatable = steps.filter { if case .failure = $0 { false } else { true } }
    for (writer, reader) in [(WebSocketRole.client, WebSocketRole.server), (.server, .client)] {
      var output: [UInt8] = []
      var mask: UInt32 = 0
      let frames = WebSocketWriter(role: writer) {
        mask = mask &* 0x9E37_79B1 &+ 0x7F4A_7C15
        return mask
      }
      for step in repeatable { write(step, frames, to: &output) }
      try require(
        try read(output, reader, cut: []) == repeatable, "written, it reads otherwise")
    }
  }

  private static func write(
    _ step: WebSocketParser.Step, _ writer: WebSocketWriter, to output: inout [UInt8]
  ) {
    switch step {
    case .needMore, .failure: break
    case .text(let text): writer.append(.text, text.utf8, to: &output)
    case .binary(let bytes): writer.append(.binary, bytes, to: &output)
    case .ping(let payload): writer.append(.ping, payload, to: &output)
    case .pong(let payload): writer.append(.pong, payload, to: &output)
    case .close(let code, let reason): writer.appendClose(code, reason, to: &output)
    }
  }
}
