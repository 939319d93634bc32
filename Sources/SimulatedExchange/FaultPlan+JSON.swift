import Domain
package import JSON

extension FaultPlan {
  /// Why a text is no fault plan: one sentence, with the place of the rule.
  package struct Flaw: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// The format, for `--help`.
  package static let format = """
    {"rules": [ {"route": "POST /api/v3/order", "fault": "late", "delay_ms": 900, "nth": 3}, … ]}
      route    "METHOD /path", or "*" for every route
      symbol   only requests that name it; optional
      when     one of "probability": 0…1, "nth": n, "next": n; without any, always
      fault    and the keys that go with it:
        lost_before     never processed, connection closed      "how": "close" (default) or "reset"
        lost_after      processed, no answer                    "how": as above
        late            answer after "delay_ms"                 "process": "before" (default) the
                                                                delay or "after" it
        error_before    not processed, 5xx                      "status": 503
        error_after     processed, 5xx                          "status": 503
        truncated       processed, answer cut                   "at_byte": n
        garbage         processed, answered with no HTTP
        forbidden       not processed, 403 and an HTML page
        empty           processed, 200 without a body
        extra           processed, a second answer behind the first
        trickle         processed, answer in pieces             "piece": 1, "interval_ms": 20
        hidden          processed, the order is invisible       "for_ms": n; without it, for ever
                        (goes together with one other fault)
        wrong_echo      processed, the answer names another order
        redirect        not processed, 302                      "location": "http://…"
        answer          not processed, this answer              "status": 400, "body": "…",
                                                                "content_type": "application/json"
        append_row      processed, a row more in the array      "row": {…}
        patch           processed, members of the answer, of    "set": {…}, "remove": ["name", …],
                        its rows, or of those of a symbol       "row_symbol": "BTCUSDT"
    \(StreamFaults.format)
    """

  /// Reads a plan; unknown keys and values are refused. Throws what is wrong with it.
  package init(json text: [UInt8]) throws(Flaw) {
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONReader.read(text, dialect: .json5, limits: .configuration)
    } catch {
      throw Flaw(description: "\(error)")
    }
    try self.init(document)
  }

  /// Takes a plan from a document that was read already. Throws what is wrong with it.
  package init(_ document: JSONValue) throws(Flaw) {
    guard let members = document.objectValue else {
      throw Flaw(description: "a fault plan is an object with the key \"rules\"")
    }
    for member in members where member.name != "rules" {
      throw Flaw(description: "unknown key \"\(member.name)\"; the only key is \"rules\"")
    }
    guard let entries = document["rules"]?.arrayValue else {
      throw Flaw(description: "\"rules\" is an array of objects")
    }
    var rules: [Rule] = []
    var streams: [StreamFaults.Rule] = []
    for (index, entry) in entries.enumerated() {
      var reader = try FaultRuleReader(entry, number: index + 1)
      if reader.isAboutStreams {
        streams.append(try reader.streamRule())
      } else {
        rules.append(try reader.rule())
      }
    }
    self.init(rules, streams: StreamFaults(streams))
  }
}
