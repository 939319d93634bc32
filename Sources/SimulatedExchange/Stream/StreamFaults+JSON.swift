import JSON

extension StreamFaults {
  /// The format, for `--help`.
  static let format = """
      {"stream": "market", "fault": "stream_lag", "delay_ms": 300, "next": 10}
        stream   instead of a route: "market" (/ws), "user" (/ws?listenKey=…), or "*" for both;
                 symbol, probability, nth and next as above, counted over all connections
        fault    and the keys that go with it; of an upgrade:
          stream_unavailable  answered with 503
               of a subscription:
          stream_refuse       refused, with code 0 as ever
               of a push:
          stream_drop         connection reset instead
          stream_close        closed with code 1001 instead
          stream_expire       every listen key dies instead: its connections end,
                              and its extension is answered with 730708
          stream_lag          sent late, those behind it too      "delay_ms": n
          stream_duplicate    sent twice
          stream_reorder      sent behind the next one, or when   "within_ms": 1000
                              none follows within the time
          stream_lose         not sent
          stream_silent       from it on nothing is pushed,       "for_ms": n; without it, for ever
                              commands are answered
          stream_garbage      a binary frame that is no push instead
               of a push of best prices:
          stream_stale        shows the book of the push before
          stream_crossed      bid and ask change places
          stream_empty        bid, ask or both are empty or 0
    """
}

extension FaultRuleReader {
  private static let streamKinds = [
    "stream_unavailable", "stream_refuse", "stream_drop", "stream_close", "stream_expire",
    "stream_lag", "stream_duplicate", "stream_reorder", "stream_lose", "stream_silent",
    "stream_garbage", "stream_stale", "stream_crossed", "stream_empty",
  ]

  /// Throws what is wrong with the rule.
  mutating func streamRule() throws(FaultPlan.Flaw) -> StreamFaults.Rule {
    let rule = StreamFaults.Rule(
      stream: try stream(), symbol: try text("symbol"), fault: try streamFault(),
      trigger: try trigger())
    try finish()
    return rule
  }

  private mutating func stream() throws(FaultPlan.Flaw) -> StreamFaults.Stream? {
    let text = try text("stream")
    if text == "*" { return nil }
    guard let stream = text.flatMap({ StreamFaults.Stream(rawValue: $0) }) else {
      throw flaw("\"stream\" is market, user, or \"*\"")
    }
    return stream
  }

  private mutating func streamFault() throws(FaultPlan.Flaw) -> StreamFaults.Fault {
    guard let kind = try text("fault") else { throw flaw("\"fault\" is missing") }
    let times = 0...Self.millisecondsMaximum
    switch kind {
    case "stream_unavailable": return .unavailable
    case "stream_refuse": return .refuse
    case "stream_drop": return .drop
    case "stream_close": return .close
    case "stream_expire": return .expire
    case "stream_lag": return .lag(.milliseconds(try integer(required: "delay_ms", in: times)))
    case "stream_duplicate": return .duplicate
    case "stream_reorder":
      return .reorder(within: .milliseconds(try integer("within_ms", in: times) ?? 1_000))
    case "stream_lose": return .lose
    case "stream_silent":
      return .silent(try integer("for_ms", in: times).map { .milliseconds($0) })
    case "stream_garbage": return .garbage
    case "stream_stale": return .stale
    case "stream_crossed": return .crossed
    case "stream_empty": return .empty
    default:
      throw flaw(
        "there is no fault \"\(kind)\" of streams; there are "
          + Self.streamKinds.joined(separator: ", "))
    }
  }
}
