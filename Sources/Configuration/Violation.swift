/// One thing that is wrong with a configuration file.
package struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
  package let file: String
  /// Counted from 1; `nil` when the file could not be read at all.
  package let line: Int?
  /// The key's full name, such as `risk.symbols`; `nil` when the fault is in no key.
  package let key: String?
  /// What is wrong, and what would be right.
  package let text: String
  /// No setting is at fault: the machine refuses something, and may take it later.
  package let mayPass: Bool

  package init(file: String, line: Int?, key: String?, text: String, mayPass: Bool = false) {
    self.file = file
    self.line = line
    self.key = key
    self.text = text
    self.mayPass = mayPass
  }

  /// The same as something that a start gets along with.
  package var asWarning: Violation {
    Violation(file: file, line: line, key: key, text: "warning: " + text)
  }

  package var description: String {
    var parts = [file]
    if let line { parts[0] += ":\(line)" }
    if let key { parts.append(key) }
    parts.append(text)
    return parts.joined(separator: ": ")
  }
}

/// Everything that is wrong with a configuration file, in the order of its lines; never empty.
package struct InvalidConfiguration: Error, Equatable, Sendable {
  package let violations: [Violation]
  /// What the text says beside them; `nil` where it cannot be read at all.
  package var readable: ConfigurationFile?
  /// The keys that the text writes, and whose values are taken.
  package var soundKeys: Set<String> = []
}
