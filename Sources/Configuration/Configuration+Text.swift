import Domain
import JSON

extension Configuration {
  /// The whole configuration as JSON, every key written out; reading it gives an equal value.
  ///
  /// It holds no secret, because the file never does.
  package func effectiveText() -> String {
    var members: [JSONMember] = []
    for key in Self.keys {
      let value = JSONMember(name: String(key.name), value: key.get(self))
      if key.section.isEmpty {
        members.append(value)
      } else if let last = members.last, last.name == key.section,
        var inner = last.value.objectValue
      {
        inner.append(value)
        members[members.count - 1] = JSONMember(name: last.name, value: .object(inner))
      } else {
        members.append(JSONMember(name: String(key.section), value: .object([value])))
      }
    }
    return JSONValue.object(members).prettyText()
  }

  /// The keys that differ and that a running daemon cannot take over.
  package static func changesNeedingRestart(
    from old: Configuration, to new: Configuration
  ) -> [String] {
    keys.filter { !$0.reloads && $0.get(old) != $0.get(new) }.map(\.path)
  }

  /// The keys that differ and that a running daemon takes over.
  package static func changesTakenOver(
    from old: Configuration, to new: Configuration
  ) -> [String] {
    keys.filter { $0.reloads && $0.get(old) != $0.get(new) }.map(\.path)
  }

  /// This configuration with what a running daemon can take over from `new`: what holds after a
  /// reload, while the rest waits for a restart. Refused when the two do not go together, such as
  /// live mode, which stays, and no limit for an order, which is new. Throws why they do not.
  package func takingOver(
    from new: Configuration
  ) throws(ReloadRefusal) -> Configuration {
    var result = self
    for key in Self.keys where key.reloads { key.copy(new, &result) }
    let conflicts = result.conflicts.map { "\($0.keys[0]): \($0.text)" }
    if !conflicts.isEmpty { throw ReloadRefusal(reasons: conflicts) }
    return result
  }
}

/// Why a running daemon keeps all of its old configuration.
package struct ReloadRefusal: Error, Equatable, Sendable {
  package let reasons: [String]
}
