/// A JSON document, with numbers kept as text so that money never passes through a binary float.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number's spelling in strict JSON grammar (RFC 8259 §6).
  case number(String)
  case string(String)
  case array([JSONValue])
  /// Members in the order of the text.
  case object([JSONMember])
}

/// One name and value of an object. Two members are equal wherever they stood.
package struct JSONMember: Hashable, Sendable {
  package let name: String
  package let value: JSONValue
  /// Where the name begins; `.start` for a member that was not read from a text.
  package let position: JSONPosition

  package init(name: String, value: JSONValue, position: JSONPosition = .start) {
    self.name = name
    self.value = value
    self.position = position
  }

  package static func == (left: JSONMember, right: JSONMember) -> Bool {
    left.name == right.name && left.value == right.value
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(value)
  }
}

/// A place in a text.
package struct JSONPosition: Hashable, Sendable {
  /// Bytes before this place.
  package let offset: Int
  /// Counted from 1.
  package let line: Int
  /// Unicode scalars, not bytes, counted from 1: what an editor shows.
  package let column: Int

  package init(offset: Int, line: Int, column: Int) {
    self.offset = offset
    self.line = line
    self.column = column
  }

  package static let start = JSONPosition(offset: 0, line: 1, column: 1)
}

extension JSONValue {
  /// The value of the member with this name; nil also when this is no object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  package var stringValue: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The number's text.
  package var numberValue: String? {
    guard case .number(let text) = self else { return nil }
    return text
  }

  package var boolValue: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  package var arrayValue: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var objectValue: [JSONMember]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  package var isNull: Bool {
    self == .null
  }

  /// "an object", "a string" …: for sentences about a value of the wrong kind.
  package var kindWithArticle: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  package static func integer(_ value: some FixedWidthInteger) -> JSONValue {
    .number(String(value))
  }

  package static func object(pairs: [(String, JSONValue)]) -> JSONValue {
    .object(pairs.map { JSONMember(name: $0.0, value: $0.1) })
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) {
    self = .null
  }

  package init(booleanLiteral value: Bool) {
    self = .bool(value)
  }

  package init(integerLiteral value: Int64) {
    self = .integer(value)
  }

  package init(stringLiteral value: String) {
    self = .string(value)
  }

  package init(arrayLiteral elements: JSONValue...) {
    self = .array(elements)
  }

  /// Keeps the order that is written. The names must differ; nothing here checks it.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(pairs: elements)
  }
}
