import Domain
import JSON

/// One key of the file: where its value lives, how it is read and written, and whether a running
/// daemon can take a new value.
struct ConfigurationKey {
  /// `section.name`, or the bare name of a key outside the sections.
  let path: String
  /// A running daemon takes a new value on SIGHUP.
  let reloads: Bool
  /// Puts a value into the configuration; answers with what is wrong.
  let set: (JSONMember, inout Configuration) -> [KeyFault]
  let get: (Configuration) -> JSONValue
  /// Takes the value over from another configuration.
  let copy: (_ from: Configuration, _ to: inout Configuration) -> Void

  init<Value>(
    _ path: String, _ property: WritableKeyPath<Configuration, Value>, _ rule: ValueRule<Value>,
    reloads: Bool = false
  ) {
    self.path = path
    self.reloads = reloads
    get = { rule.write($0[keyPath: property]) }
    copy = { $1[keyPath: property] = $0[keyPath: property] }
    // A key or a password that was pasted into the wrong place must not come back in a message.
    let mayShow = !path.hasPrefix("credentials.")
    set = { member, configuration in
      do throws(ValueFault) {
        configuration[keyPath: property] = try rule.read(member.value)
        return []
      } catch {
        let standard = rule.write(Configuration()[keyPath: property])
        let text = error.sentence(
          about: member.value, mayShow: mayShow, expected: rule.expected, standard: standard)
        return [KeyFault(member, text)]
      }
    }
  }

  /// The table of the sources of signals, whose names the file chooses.
  init(sources path: String) {
    self.path = path
    reloads = true
    get = { SourceTable.json($0.sources) }
    copy = { $1.sources = $0.sources }
    set = { member, configuration in
      let table = SourceTable(member)
      configuration.sources = table.sources
      return table.faults
    }
  }

  /// The section, empty outside the sections.
  var section: Substring {
    path.firstIndex(of: ".").map { path[..<$0] } ?? ""
  }

  /// The name inside its section.
  var name: Substring {
    path.firstIndex(of: ".").map { path[path.index(after: $0)...] } ?? path[...]
  }
}

/// What is wrong with a key's value, and what would be right.
struct KeyFault {
  /// The names below the key that lead to what is wrong.
  var path: [String] = []
  let line: Int
  let text: String

  init(_ member: JSONMember, _ text: String, below path: [String] = []) {
    self.path = path
    line = member.position.line
    self.text = text
  }
}

/// Why a value is refused.
enum ValueFault: Error {
  /// Text where a number should be, and the like.
  case kind
  /// Of the right kind, but not acceptable: the end of a sentence that begins with the value.
  case value(String)
  /// The same, of a value that must not be repeated.
  case secret(String)

  func sentence(
    about value: JSONValue, mayShow: Bool, expected: String, standard: JSONValue
  ) -> String {
    let wrong =
      switch self {
      case .kind: "found \(value.kindWithArticle)"
      case .value(let reason): (mayShow ? Self.shown(value) : "the value") + " " + reason
      case .secret(let reason): "the value " + reason
      }
    return wrong + "; write \(expected) (default \(standard.compactText()))"
  }

  /// Unicode scalars of a value that a message repeats.
  private static let shownMaximum = 80

  private static func shown(_ value: JSONValue) -> String {
    let text = value.compactText()
    let cut = text.prefix(scalars: shownMaximum)
    return cut.utf8.count == text.utf8.count ? text : cut + "…"
  }
}

/// How the value of a key is read from JSON and written back.
struct ValueRule<Value> {
  /// What is accepted, to stand behind "write".
  let expected: String
  let read: (JSONValue) throws(ValueFault) -> Value
  let write: (Value) -> JSONValue
}
