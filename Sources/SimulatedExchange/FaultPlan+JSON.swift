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
    for (index, entry) in entries.enumerated() {
      var reader = try RuleReader(entry, number: index + 1)
      rules.append(try reader.rule())
    }
    self.init(rules)
  }
}

/// Reads one rule and remembers which of its keys were asked for.
private struct RuleReader {
  private let members: [JSONMember]
  private let number: Int
  private var used: Set<String> = []

  private static let millisecondsMaximum = 86_400_000
  private static let kinds = [
    "lost_before", "lost_after", "late", "error_before", "error_after", "truncated", "garbage",
    "forbidden", "empty", "extra", "trickle", "hidden", "wrong_echo", "redirect", "answer",
    "append_row", "patch",
  ]

  init(_ value: JSONValue, number: Int) throws(FaultPlan.Flaw) {
    guard let members = value.objectValue else {
      throw FaultPlan.Flaw(description: "rule \(number) is not an object")
    }
    self.members = members
    self.number = number
  }

  mutating func rule() throws(FaultPlan.Flaw) -> FaultPlan.Rule {
    let route = try route()
    let symbol = try text("symbol")
    let fault = try fault()
    let trigger = try trigger()
    for member in members where !used.contains(member.name) {
      throw flaw("the key \"\(member.name)\" is unknown, or does not go with this fault")
    }
    return FaultPlan.Rule(route: route, symbol: symbol, fault: fault, trigger: trigger)
  }

  private func flaw(_ text: String) -> FaultPlan.Flaw {
    FaultPlan.Flaw(description: "rule \(number): \(text)")
  }

  private mutating func value(_ name: String) -> JSONValue? {
    used.insert(name)
    return members.first { $0.name == name }?.value
  }

  private mutating func text(_ name: String) throws(FaultPlan.Flaw) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.stringValue else { throw flaw("\"\(name)\" is a text") }
    return text
  }

  private mutating func integer(
    _ name: String, in range: ClosedRange<Int>
  ) throws(FaultPlan.Flaw) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.numberValue.flatMap({ Int($0) }), range.contains(number) else {
      throw flaw("\"\(name)\" is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private mutating func integer(
    required name: String, in range: ClosedRange<Int>
  ) throws(FaultPlan.Flaw) -> Int {
    guard let number = try integer(name, in: range) else { throw flaw("\"\(name)\" is missing") }
    return number
  }

  private mutating func choice(
    _ name: String, _ words: [String]
  ) throws(FaultPlan.Flaw) -> String {
    guard let word = try text(name) else { return words[0] }
    guard words.contains(word) else {
      throw flaw("\"\(name)\" is one of \(words.joined(separator: ", "))")
    }
    return word
  }

  private mutating func route() throws(FaultPlan.Flaw) -> Route? {
    guard let text = try text("route") else { throw flaw("\"route\" is missing") }
    if text == "*" { return nil }
    guard let route = Route(rawValue: text) else {
      throw flaw("there is no route \"\(text)\"; write \"METHOD /path\", or \"*\"")
    }
    return route
  }

  private mutating func trigger() throws(FaultPlan.Flaw) -> FaultPlan.Trigger {
    let names = ["probability", "nth", "next"].filter { name in members.contains { $0.name == name }
    }
    guard names.count <= 1 else { throw flaw("only one of \(names.joined(separator: ", "))") }
    if let number = try integer("nth", in: 1...1_000_000_000) { return .nth(number) }
    if let count = try integer("next", in: 1...1_000_000_000) { return .next(count) }
    guard let value = value("probability") else { return .always }
    guard let text = value.numberValue, let share = try? FixedDecimal(text), share >= .zero,
      share <= FixedDecimal(1)
    else { throw flaw("\"probability\" is a number from 0 to 1") }
    return .probability(millionths: Int(share.units / 1_000_000_000_000))
  }

  private mutating func fault() throws(FaultPlan.Flaw) -> FaultPlan.Fault {
    guard let kind = try text("fault") else { throw flaw("\"fault\" is missing") }
    switch kind {
    case "lost_before": return .lostBefore(reset: try choice("how", ["close", "reset"]) == "reset")
    case "lost_after": return .lostAfter(reset: try choice("how", ["close", "reset"]) == "reset")
    case "late":
      let delay = try integer(required: "delay_ms", in: 0...Self.millisecondsMaximum)
      let order = try choice("process", ["before", "after"])
      return .late(.milliseconds(delay), processedAfter: order == "after")
    case "error_before": return .errorBefore(status: try integer("status", in: 500...599) ?? 503)
    case "error_after": return .errorAfter(status: try integer("status", in: 500...599) ?? 503)
    case "truncated":
      return .truncated(atByte: try integer(required: "at_byte", in: 0...10_000_000))
    case "garbage": return .garbage
    case "forbidden": return .forbidden
    case "empty": return .empty
    case "extra": return .extra
    case "trickle":
      let pause = try integer("interval_ms", in: 0...Self.millisecondsMaximum) ?? 20
      let piece = try integer("piece", in: 1...65_536) ?? 1
      return .trickle(piece: piece, every: .milliseconds(pause))
    case "hidden":
      let time = try integer("for_ms", in: 0...Self.millisecondsMaximum)
      return .hidden(time.map { .milliseconds($0) })
    case "wrong_echo": return .wrongEcho
    case "redirect":
      return .redirect(location: try text("location") ?? "http://127.0.0.1:9/")
    case "answer":
      return .answer(
        FaultPlan.ScriptedAnswer(
          status: try integer("status", in: 200...599) ?? 200, body: try text("body") ?? "",
          contentType: try text("content_type") ?? "application/json"))
    case "append_row":
      guard let row = value("row") else { throw flaw("\"row\" is missing") }
      return .appendRow(row)
    case "patch": return .patch(try patch())
    default:
      throw flaw("there is no fault \"\(kind)\"; there are \(Self.kinds.joined(separator: ", "))")
    }
  }

  private mutating func patch() throws(FaultPlan.Flaw) -> Patch {
    guard let set = (value("set") ?? [:]).objectValue else { throw flaw("\"set\" is an object") }
    guard let names = (value("remove") ?? []).arrayValue?.map(\.stringValue),
      names.allSatisfy({ $0 != nil })
    else { throw flaw("\"remove\" is an array of names") }
    return Patch(
      set: set, remove: names.compactMap(\.self), rowSymbol: try text("row_symbol"))
  }
}
