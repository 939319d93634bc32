package import JSON

extension Configuration {
  /// One key of the file with what holds of it.
  package struct EffectiveKey: Equatable, Sendable {
    /// `section.name`, or the bare name of a key outside the sections.
    package let path: String
    package let value: JSONValue
    package let standard: JSONValue
    /// A running daemon takes a new value on SIGHUP.
    package let reloads: Bool
  }

  /// Every key, in the order of the file. No secret is among them, because the file never holds one.
  package var effectiveKeys: [EffectiveKey] {
    let standard = Configuration()
    return Self.keys.map { key in
      EffectiveKey(
        path: key.path, value: key.get(self), standard: key.get(standard), reloads: key.reloads)
    }
  }
}
