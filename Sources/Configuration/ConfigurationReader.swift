import Domain
import JSON

extension ConfigurationFile {
  /// Reads the text of a configuration file. `file` is its name for messages.
  ///
  /// Every violation is found in one pass; only a text that is no JSON5 has just one.
  package static func read(
    _ bytes: [UInt8], file: String
  ) -> Result<ConfigurationFile, InvalidConfiguration> {
    var reader = ConfigurationReader(file: file)
    do throws(JSONError) {
      reader.read(
        try JSONReader.read(
          bytes, dialect: .json5, limits: .configuration, repeatedNames: .kept))
    } catch {
      let text =
        "not readable as JSON5: \(error.problem.sentence) (column \(error.position.column))"
      return .failure(
        InvalidConfiguration(violations: [
          Violation(file: file, line: error.position.line, key: nil, text: text)
        ]))
    }
    let read = ConfigurationFile(
      path: file, configuration: reader.configuration, lines: reader.lines)
    if reader.violations.isEmpty { return .success(read) }
    return .failure(
      InvalidConfiguration(
        violations: reader.violations.inOrder, readable: read,
        soundKeys: reader.lines.names.subtracting(reader.faulty)))
  }
}

/// Turns a document into a configuration, and collects what is wrong on the way.
private struct ConfigurationReader {
  let file: String
  var configuration = Configuration()
  var violations: [Violation] = []

  private let keys = Configuration.keys
  /// Where each name of the text stood first: sections and keys by their full names.
  private(set) var lines = KeyLines()
  private(set) var faulty: Set<String> = []

  init(file: String) {
    self.file = file
  }

  mutating func read(_ document: JSONValue) {
    guard let members = document.objectValue else {
      report(nil, line: 1, "found \(document.kindWithArticle); write one object, { … }")
      return
    }
    configuration.exchange.streamURL = ""
    for member in members { read(member) }
    if configuration.exchange.streamURL.isEmpty {
      configuration.exchange.streamURL = Configuration.Exchange.streamURL(
        besides: configuration.exchange.restURL)
    }
    for conflict in configuration.conflicts where faulty.isDisjoint(with: conflict.keys) {
      report(conflict.keys[0], line: lines.first(of: conflict.keys), conflict.text)
    }
  }

  /// A member of the whole document: a section, or a key outside the sections.
  private mutating func read(_ member: JSONMember) {
    let inside = keys.filter { $0.section == member.name }
    guard !inside.isEmpty else {
      readKey(member, section: "", known: keys.filter(\.section.isEmpty))
      return
    }
    noteRepetition(of: member.name, member)
    guard let members = member.value.objectValue else {
      faulty.formUnion(inside.map(\.path))
      report(member, "found \(member.value.kindWithArticle); write an object, { … }", member.name)
      return
    }
    for inner in members { readKey(inner, section: member.name, known: inside) }
  }

  private mutating func readKey(_ member: JSONMember, section: String, known: [ConfigurationKey]) {
    let path = section.isEmpty ? member.name : section + "." + member.name
    guard let key = known.first(where: { $0.path == path }) else {
      report(member, "unknown key; " + advice(for: member.name, section: section), path)
      return
    }
    noteRepetition(of: path, member)
    for fault in key.set(member, &configuration) {
      faulty.insert(path)
      report(([path] + fault.path).joined(separator: "."), line: fault.line, fault.text)
    }
  }

  private mutating func noteRepetition(of path: String, _ member: JSONMember) {
    guard let first = lines[path] else {
      lines[path] = member.position.line
      return
    }
    report(member, "written twice, first on line \(first); keep one of them", path)
  }

  /// The way from a name that is not known to one that is.
  private func advice(for name: String, section: String) -> String {
    if Self.namesSecret(name) {
      return "keys and secrets never stand in this file; give them as systemd credentials, with "
        + "'mexc-signalctl keys set' or in the environment"
    }
    let siblings =
      section.isEmpty
      ? unique(keys.map { String($0.section.isEmpty ? $0.name : $0.section) })
      : keys.filter { $0.section == section }.map { String($0.name) }
    if let near = Spelling.nearest(to: name, among: siblings) {
      return "did you mean \"\(near)\"?"
    }
    if let elsewhere = keys.first(where: { $0.name == name || $0.path == name }) {
      return elsewhere.section.isEmpty
        ? "\"\(name)\" stands outside the sections"
        : "\"\(elsewhere.name)\" belongs into the section \"\(elsewhere.section)\""
    }
    let place = section.isEmpty ? "the file" : "\"\(section)\""
    return "\(place) takes " + siblings.map { "\"\($0)\"" }.joined(separator: ", ")
  }

  private static func namesSecret(_ name: String) -> Bool {
    let letters = name.lowercased().filter(\.isLetter)
    return ["apikey", "accesskey", "secret", "passphrase", "password"].contains {
      letters.contains($0)
    }
  }

  private func unique(_ names: [String]) -> [String] {
    names.enumerated().filter { names.firstIndex(of: $0.element) == $0.offset }.map(\.element)
  }

  private mutating func report(_ member: JSONMember, _ text: String, _ path: String) {
    report(path, line: member.position.line, text)
  }

  private mutating func report(_ key: String?, line: Int, _ text: String) {
    // Escaped as in JSON, so that a strange name cannot break the line of the message.
    let shown = key.map { String(JSONValue.string($0).compactText().dropFirst().dropLast()) }
    violations.append(Violation(file: file, line: line, key: shown, text: text))
  }
}

extension [Violation] {
  /// By line; those of one line stay as they were found.
  package var inOrder: [Violation] {
    enumerated().sorted {
      ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset)
    }.map(\.element)
  }
}
