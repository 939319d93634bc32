import Domain
import Platform

/// A JSON object as a block of names and values, whatever its members are.
enum StatusText {
  static func text(of document: JSONValue) -> String {
    block((document.objectValue ?? []).map { row($0) })
  }

  /// Names padded to one width.
  static func block(_ rows: [(name: String, value: String)]) -> String {
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + value
    }.joined(separator: "\n")
  }

  /// A name's ending says its unit.
  private static func row(_ member: JSONMember) -> (name: String, value: String) {
    let name = ByteText.printable(member.name)
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
