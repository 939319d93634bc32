extension JSONValue {
  /// One line, without white space. Numbers are written as they are held.
  package func compactText() -> String {
    var output: [UInt8] = []
    output.reserveCapacity(JSONWriter.usualBytes)
    appendCompactText(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends the compact text. With `replacingNUL` a U+0000 becomes U+FFFD, for readers that refuse it.
  package func appendCompactText(to output: inout [UInt8], replacingNUL: Bool = false) {
    var writer = JSONWriter(indented: false, replacingNUL: replacingNUL)
    swap(&writer.output, &output)
    writer.write(self, depth: 0)
    swap(&writer.output, &output)
  }

  /// A line for each member and element, indented by two spaces; no line end after the last.
  package func prettyText() -> String {
    var writer = JSONWriter(indented: true)
    writer.write(self, depth: 0)
    return String(decoding: writer.output, as: UTF8.self)
  }
}

/// The compact text of one object, written member by member: no value is made of the whole.
package struct JSONObjectText {
  private var writer: JSONWriter
  private var isEmpty = true

  /// Appends an object with the members that `fill` adds. With `replacingNUL` a U+0000 becomes U+FFFD.
  package static func append(
    to output: inout [UInt8], replacingNUL: Bool = false, _ fill: (inout JSONObjectText) -> Void
  ) {
    var text = JSONObjectText(writer: JSONWriter(indented: false, replacingNUL: replacingNUL))
    swap(&text.writer.output, &output)
    text.writer.output.append(0x7B)
    fill(&text)
    text.writer.output.append(0x7D)
    swap(&text.writer.output, &output)
  }

  /// The name is one that needs no escapes.
  package mutating func add(_ name: StaticString, _ value: JSONValue) {
    writer.name(name, isFirst: isEmpty)
    isEmpty = false
    writer.write(value, depth: 1)
  }
}

private struct JSONWriter {
  /// Room for the detail of an event.
  static let usualBytes = 512

  let indented: Bool
  let replacingNUL: Bool
  var output: [UInt8] = []

  init(indented: Bool, replacingNUL: Bool = false) {
    self.indented = indented
    self.replacingNUL = replacingNUL
  }

  mutating func write(_ value: JSONValue, depth: Int) {
    switch value {
    case .null: put("null")
    case .bool(let value): put(value ? "true" : "false")
    case .number(let text): put(text)
    case .string(let text): quote(text)
    case .array(let elements):
      output.append(0x5B)
      for (place, element) in elements.enumerated() {
        separate(first: place == 0, depth: depth + 1)
        write(element, depth: depth + 1)
      }
      if !elements.isEmpty { breakLine(depth) }
      output.append(0x5D)
    case .object(let members):
      output.append(0x7B)
      for (place, member) in members.enumerated() {
        separate(first: place == 0, depth: depth + 1)
        quote(member.name)
        output.append(0x3A)
        if indented { output.append(0x20) }
        write(member.value, depth: depth + 1)
      }
      if !members.isEmpty { breakLine(depth) }
      output.append(0x7D)
    }
  }

  mutating func name(_ name: StaticString, isFirst: Bool) {
    if !isFirst { output.append(0x2C) }
    output.append(0x22)
    name.withUTF8Buffer { unsafe output.append(contentsOf: $0) }
    output.append(0x22)
    output.append(0x3A)
  }

  private mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { bytes in unsafe output.append(contentsOf: bytes) }
  }

  private mutating func separate(first: Bool, depth: Int) {
    if !first { output.append(0x2C) }
    breakLine(depth)
  }

  private mutating func breakLine(_ depth: Int) {
    guard indented else { return }
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: 2 * depth))
  }

  private mutating func quote(_ text: String) {
    output.append(0x22)
    var text = text
    text.withUTF8 { bytes in
      // Most of it is names and numbers.
      if unsafe bytes.allSatisfy(Self.isPlain) {
        unsafe output.append(contentsOf: bytes)
      } else {
        unsafe escape(Array(bytes))
      }
    }
    output.append(0x22)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C
  }

  /// Escapes what RFC 8259 §7 demands, and what would break a line or a terminal: DEL, the C1
  /// controls, U+2028 and U+2029.
  private mutating func escape(_ bytes: [UInt8]) {
    var written = 0
    for place in bytes.indices where !Self.isPlain(bytes[place]) {
      guard let (escaped, length) = replacement(in: bytes, at: place) else { continue }
      output.append(contentsOf: bytes[written..<place])
      put(escaped)
      written = place + length
    }
    output.append(contentsOf: bytes[written...])
  }

  /// What is written for the character that begins here, and how many bytes it has; `nil` when it is
  /// written as it is, or none begins here. The bytes are a string's, so that every character is whole.
  private func replacement(in bytes: [UInt8], at place: Int) -> (text: String, length: Int)? {
    let byte = bytes[place]
    switch byte {
    case 0x22: return ("\\\"", 1)
    case 0x5C: return ("\\\\", 1)
    case 0x08: return ("\\b", 1)
    case 0x09: return ("\\t", 1)
    case 0x0A: return ("\\n", 1)
    case 0x0C: return ("\\f", 1)
    case 0x0D: return ("\\r", 1)
    case 0x00 where replacingNUL: return ("\u{FFFD}", 1)
    case 0x00...0x1F, 0x7F: return (Self.number(byte), 1)
    case 0xC2:
      // U+0080 to U+009F have their own number as the second byte.
      let second = bytes[place + 1]
      return second < 0xA0 ? (Self.number(second), 2) : nil
    case 0xE2 where bytes[place + 1] == 0x80:
      switch bytes[place + 2] {
      case 0xA8: return ("\\u2028", 3)
      case 0xA9: return ("\\u2029", 3)
      default: return nil
      }
    default: return nil
    }
  }

  private static func number(_ scalar: UInt8) -> String {
    (scalar < 0x10 ? "\\u000" : "\\u00") + String(scalar, radix: 16)
  }
}
