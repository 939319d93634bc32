import Domain
import JSON
import Platform

/// What `status` answers, for a person: what is not as it should be, one line each, then a block of
/// names and values, whatever the members are.
enum StatusText {
  static func text(of document: JSONValue) -> String {
    let problems = problems(document).map { "problem: " + $0 }
    let members = (document.objectValue ?? []).filter {
      $0.name != "problems" && $0.name != "reason"
    }
    let block = block(members.map { usage($0) ?? row($0) })
    return problems.isEmpty ? block : problems.joined(separator: "\n") + "\n\n" + block
  }

  /// Whether nothing is wrong with the daemon.
  static func isAsItShouldBe(_ document: JSONValue) -> Bool {
    document["state"] == "active" && problems(document).isEmpty
  }

  private static func problems(_ document: JSONValue) -> [String] {
    (document["problems"]?.arrayValue ?? []).map { line($0["message"], $0["advice"]) }
  }

  /// A problem in one line.
  static func line(_ message: JSONValue?, _ advice: JSONValue?) -> String {
    let parts = [message, advice].compactMap { $0?.stringValue }.map { ByteText.printable($0) }
    return parts.count == 2 ? AdvisedText.line(parts[0], parts[1]) : parts.joined()
  }

  /// The members that hold what is used beside what may be used.
  private static func usage(_ member: JSONMember) -> (name: String, value: String)? {
    let object = member.value
    let parts: [String?]
    switch member.name {
    case "rate":
      let end = object["banned_until"]?.stringValue
      parts = rateUses(object) + [end.map { "back-off until \(ByteText.printable($0))" }]
    case "risk":
      parts = [
        share("open orders", object["open_orders"], object["open_orders_limit"]),
        share("orders", object["minute_orders"], object["minute_orders_limit"])
          .map { $0 + " in 60 s" },
        share("quote", object["daily_quote"], object["daily_quote_limit"]).map { $0 + " in 24 h" },
      ]
    default: return nil
    }
    let known = parts.compactMap(\.self)
    return known.isEmpty ? nil : (words(member.name[...]), known.joined(separator: ", "))
  }

  private static func rateUses(_ object: JSONValue) -> [String?] {
    if object["ip_used"]?.isNull == true { return ["use not known"] }
    let window = object["window_seconds"]?.numberValue.map { " in \($0) s" } ?? ""
    return [
      share("weight by address", object["ip_used"], object["ip_limit"]).map { $0 + window },
      share("weight by account", object["uid_used"], object["uid_limit"]).map { $0 + window },
      share("orders", object["order_used"], object["order_limit"]).map { $0 + " in 1 s" },
      ceiling(object["ceiling_percent"]),
    ]
  }

  private static func ceiling(_ percent: JSONValue?) -> String? {
    guard let percent = percent?.numberValue, percent != "100" else { return nil }
    return "\(percent) % of the exchange's limits after it refused what they allow"
  }

  /// `orders 3 of 11`; nothing without a use and a limit, of which null is none.
  private static func share(_ name: String, _ used: JSONValue?, _ limit: JSONValue?) -> String? {
    guard let used, let limit else { return nil }
    return "\(name) \(used.isNull ? "?" : value(used)) of \(limit.isNull ? "any" : value(limit))"
  }

  /// Names padded to one width.
  static func block(_ rows: [(name: String, value: String)]) -> String {
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + value
    }.joined(separator: "\n")
  }

  /// Null says of these that nobody knows, and of others that there is none.
  private static let counts: Set = [
    "careful_start", "waiting", "in_flight", "unknown", "not_found", "open_orders",
  ]

  /// A name's ending says its unit.
  private static func row(_ member: JSONMember) -> (name: String, value: String) {
    let name = ByteText.printable(member.name)
    if member.value.isNull, counts.contains(name) { return (words(name[...]), "not known") }
    let units: [(ending: String, text: (Int64) -> String)] = [
      ("_seconds", duration), ("_ms", { "\($0) ms" }), ("_us", { "\($0) µs" }),
      ("_bytes", { "\($0 / 1_048_576) MiB" }),
    ]
    for (ending, text) in units where name.hasSuffix(ending) {
      let number = member.value.integerValue
      return (words(name.dropLast(ending.count)), number.map(text) ?? value(member.value))
    }
    return (words(name[...]), value(member.value))
  }

  private static func words(_ name: Substring) -> String {
    name.split(separator: "_").joined(separator: " ")
  }

  private static func value(_ value: JSONValue) -> String {
    switch value {
    case .null: "none"
    case .bool(let flag): flag ? "yes" : "no"
    case .number(let text): text
    case .string(let text): text.isEmpty ? "none" : ByteText.printable(text)
    case .array(let elements):
      elements.isEmpty ? "none" : elements.map { inner($0) }.joined(separator: "; ")
    case .object: inner(value)
    }
  }

  /// `ip used 12, uid used 0`
  private static func inner(_ value: JSONValue) -> String {
    guard let members = value.objectValue else { return self.value(value) }
    if members.isEmpty { return "none" }
    return members.map { member in
      let row = row(member)
      return "\(row.name) \(row.value)"
    }.joined(separator: ", ")
  }

  /// The two largest units.
  private static func duration(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3_600: "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
    default: "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
    }
  }
}
