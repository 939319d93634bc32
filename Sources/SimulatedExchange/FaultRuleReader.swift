import Domain
import JSON

/// Reads one rule and remembers which of its keys were asked for.
struct FaultRuleReader {
  private let members: [JSONMember]
  private let number: Int
  private var used: Set<String> = []

  static let millisecondsMaximum = 86_400_000
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

  /// Throws what is wrong with the rule.
  mutating func rule() throws(FaultPlan.Flaw) -> FaultPlan.Rule {
    let rule = FaultPlan.Rule(
      route: try route(), symbol: try text("symbol"), fault: try fault(), trigger: try trigger())
    try finish()
    return rule
  }

  /// Throws when a key was not asked for.
  func finish() throws(FaultPlan.Flaw) {
    for member in members where !used.contains(member.name) {
      throw flaw("the key \"\(member.name)\" is unknown, or does not go with this fault")
    }
  }

  var isAboutStreams: Bool { members.contains { $0.name == "stream" } }

  func flaw(_ text: String) -> FaultPlan.Flaw {
    FaultPlan.Flaw(description: "rule \(number): \(text)")
  }

  private mutating func value(_ name: String) -> JSONValue? {
    used.insert(name)
    return members.first { $0.name == name }?.value
  }

  mutating func text(_ name: String) throws(FaultPlan.Flaw) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.stringValue else { throw flaw("\"\(name)\" is a text") }
    return text
  }

  mutating func integer(
    _ name: String, in range: ClosedRange<Int>
  ) throws(FaultPlan.Flaw) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.numberValue.flatMap({ Int($0) }), range.contains(number) else {
      throw flaw("\"\(name)\" is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func integer(
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

  mutating func trigger() throws(FaultPlan.Flaw) -> FaultPlan.Trigger {
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
