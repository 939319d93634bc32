import Domain
import JSON

extension ValueRule where Value == [String] {
  /// A program and its arguments, which no shell reads.
  static var command: Self {
    let path = ValueRule<String>.path()
    return ValueRule(
      expected: "\(path.expected), or a list of such a path and arguments, "
        + "[\"/usr/local/bin/alert\", \"--urgent\"]"
    ) { value throws(ValueFault) in
      switch value {
      case .string: return [try path.read(value)]
      case .array(let elements):
        guard let first = elements.first else { throw .value("names no program") }
        guard first.stringValue?.hasPrefix("/") ?? false else {
          throw .value("does not begin with an absolute path")
        }
        let program = try path.read(first)
        var words = [program]
        for element in elements.dropFirst() {
          guard let word = element.stringValue else {
            throw .value("has \(element.kindWithArticle) among the arguments")
          }
          if word.utf8.contains(0) { throw .value("holds a NUL") }
          words.append(word)
        }
        return words
      case .null, .bool, .number, .object: throw .kind
      }
    } write: { words in
      .array(words.map { .string($0) })
    }
  }
}

extension ValueRule where Value == [NotificationEvent] {
  /// Each at most once.
  static var events: Self {
    let names = NotificationEvent.allCases.map(\.rawValue)
    return ValueRule(
      expected: "a list of " + names.map { "\"\($0)\"" }.joined(separator: ", ")
    ) { value throws(ValueFault) in
      guard let elements = value.arrayValue else { throw .kind }
      var events: [NotificationEvent] = []
      for element in elements {
        guard let name = element.stringValue else {
          throw .value("has \(element.kindWithArticle) among the names of events")
        }
        guard let event = NotificationEvent(rawValue: name) else {
          let near = Spelling.nearest(to: name, among: names)
          throw .value(
            "has \"\(name.prefix(scalars: 40))\", which is no event"
              + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
        }
        if events.contains(event) { throw .value("has \"\(name)\" twice") }
        events.append(event)
      }
      return events
    } write: { events in
      .array(events.map { .string($0.rawValue) })
    }
  }
}
