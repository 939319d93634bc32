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

  /// Escapes what RFC 8259 §7 demands, and what would break a line or a terminal: DEL, the C1
  /// controls, U+2028 and U+2029.
  private mutating func quote(_ text: String) {
    output.append(0x22)
    // Most of it is names and numbers.
    if !putPlain(text) { escape(text) }
    output.append(0x22)
  }

  /// False, and nothing is written, when something has to be escaped.
  private mutating func putPlain(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      let isPlain = unsafe bytes.allSatisfy {
        (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C
      }
      guard isPlain else { return false }
      unsafe output.append(contentsOf: bytes)
      return true
    }
  }

  private mutating func escape(_ text: String) {
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: put("\\\"")
      case 0x5C: put("\\\\")
      case 0x08: put("\\b")
      case 0x09: put("\\t")
      case 0x0A: put("\\n")
      case 0x0C: put("\\f")
      case 0x0D: put("\\r")
      case 0x00 where replacingNUL: put("\u{FFFD}")
      case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029:
        let digits = String(scalar.value, radix: 16)
        put("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
      case 0x20...0x7E: output.append(UInt8(truncatingIfNeeded: scalar.value))
      default: output.append(contentsOf: scalar.utf8)
      }
    }
  }
}
