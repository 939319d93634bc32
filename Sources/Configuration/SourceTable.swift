import Domain
import JSON

/// The table `sources` of the file: a name that the file chooses, and what that source may do.
struct SourceTable {
  private(set) var sources: [Configuration.Source] = []
  private(set) var faults: [KeyFault] = []
  /// Where each name below the table stood first.
  private var lines: [[String]: Int] = [:]

  init(_ table: JSONMember) {
    guard let members = table.value.objectValue else {
      faults.append(KeyFault(table, "found \(table.value.kindWithArticle); write an object, { … }"))
      return
    }
    for member in members { read(member) }
  }

  static func json(_ sources: [Configuration.Source]) -> JSONValue {
    .object(
      pairs: sources.map { source in
        (source.name, .object(pairs: SourceKey.all.map { ($0.name, $0.get(source)) }))
      })
  }

  private mutating func read(_ member: JSONMember) {
    let path = [member.name]
    noteRepetition(of: path, member)
    if let reason = Self.flaw(in: member.name) {
      faults.append(KeyFault(member, "the name \(reason)", below: path))
    }
    guard let members = member.value.objectValue else {
      let text = "found \(member.value.kindWithArticle); write an object, { … }"
      faults.append(KeyFault(member, text, below: path))
      return
    }
    var source = Configuration.Source(name: member.name)
    for inner in members { read(inner, into: &source) }
    if source.isSigned, !Configuration.Source.canHaveSecret(member.name) {
      let text =
        "a source with a secret has a name of 1 to 64 letters, digits, points, dashes or "
        + "underscores, and not \".\" or \"..\", because its secret is a file of that name; write "
        + "another name, or secret: false"
      faults.append(KeyFault(member, text, below: path))
    }
    if source.onSilence != .event, source.heartbeat == nil {
      let text =
        "on_silence does nothing without heartbeat_seconds; write, for instance, "
        + "heartbeat_seconds: 300"
      faults.append(KeyFault(member, text, below: path))
    }
    sources.append(source)
  }

  private mutating func read(_ member: JSONMember, into source: inout Configuration.Source) {
    let path = [source.name, member.name]
    guard let key = SourceKey.all.first(where: { $0.name == member.name }) else {
      let text = "unknown key; " + Self.advice(for: member.name)
      faults.append(KeyFault(member, text, below: path))
      return
    }
    noteRepetition(of: path, member)
    if let text = key.set(member.value, &source) {
      faults.append(KeyFault(member, text, below: path))
    }
  }

  private mutating func noteRepetition(of path: [String], _ member: JSONMember) {
    guard let first = lines[path] else {
      lines[path] = member.position.line
      return
    }
    let text = "written twice, first on line \(first); keep one of them"
    faults.append(KeyFault(member, text, below: path))
  }

  private static func advice(for name: String) -> String {
    let names = SourceKey.all.map(\.name)
    if let near = Spelling.nearest(to: name, among: names) { return "did you mean \"\(near)\"?" }
    return "a source takes " + names.map { "\"\($0)\"" }.joined(separator: ", ")
  }

  /// As long as the field `source` of a signal may be.
  private static let nameMaximum = 256

  private static func flaw(in name: String) -> String? {
    let scalars = name.unicodeScalars
    if scalars.isEmpty { return "is empty; write what the signals say as their source" }
    if scalars.count > nameMaximum { return "is longer than \(nameMaximum) characters" }
    let isPlain = scalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    return isPlain ? nil : "holds a control character"
  }
}

extension Configuration.Source {
  /// Whether a secret can be kept under this name, which may be a file's.
  package static func canHaveSecret(_ name: String) -> Bool {
    // The two are folders everywhere (path_resolution(7)).
    (1...64).contains(name.utf8.count) && name != "." && name != ".."
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
      }
  }
}

/// One key of a source.
private struct SourceKey {
  let name: String
  /// Answers with what is wrong and what would be right.
  let set: (JSONValue, inout Configuration.Source) -> String?
  let get: (Configuration.Source) -> JSONValue

  private init<Value>(
    _ name: String, _ property: WritableKeyPath<Configuration.Source, Value>,
    _ rule: ValueRule<Value>
  ) {
    self.name = name
    get = { rule.write($0[keyPath: property]) }
    set = { value, source in
      do throws(ValueFault) {
        source[keyPath: property] = try rule.read(value)
        return nil
      } catch {
        let standard = rule.write(Configuration.Source(name: "")[keyPath: property])
        return error.sentence(
          about: value, mayShow: true, expected: rule.expected, standard: standard)
      }
    }
  }

  /// In the order in which they are written.
  static var all: [SourceKey] {
    [
      SourceKey("symbols", \.symbols, .symbols),
      SourceKey("sides", \.sides, .sides),
      SourceKey("maximum_order_quote", \.maximumOrderQuote, .optional(.money)),
      // More than the exchange takes orders in an hour limits nothing.
      SourceKey("signals_per_hour", \.signalsPerHour, .optional(.integer(1...100_000))),
      SourceKey("heartbeat_seconds", \.heartbeat, .optional(.seconds(1...86_400))),
      SourceKey(
        "on_silence", \.onSilence,
        .choice),
      SourceKey("secret", \.isSigned, .flag),
    ]
  }
}
