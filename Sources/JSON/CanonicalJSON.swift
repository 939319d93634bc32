/// One text for an object, which other programs can make as well: what a signature covers.
///
/// Members in the order of their names, no white space, and nothing escaped but what RFC 8259 §7
/// demands, in its short form where there is one. Python writes the same with
/// `json.dumps(object, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`. Numbers stand as
/// they came, so two objects with the same text are the same.
package enum CanonicalJSON {
  /// No two members may have the same name.
  package static func text(of members: [JSONMember]) -> String {
    var output: [UInt8] = []
    write(.object(members), to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  private static func write(_ value: JSONValue, to output: inout [UInt8]) {
    switch value {
    case .null, .bool, .number: output.append(contentsOf: value.compactText().utf8)
    case .string(let text): quote(text, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (place, element) in elements.enumerated() {
        if place > 0 { output.append(UInt8(ascii: ",")) }
        write(element, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (place, member) in sorted(members).enumerated() {
        if place > 0 { output.append(UInt8(ascii: ",")) }
        quote(member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        write(member.value, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// By code points, whose order is that of the bytes in UTF-8.
  private static func sorted(_ members: [JSONMember]) -> [JSONMember] {
    members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func quote(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: output.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x08: output.append(contentsOf: "\\b".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0C: output.append(contentsOf: "\\f".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0x00..<0x20:
        let digits = String(byte, radix: 16)
        output.append(contentsOf: "\\u00".utf8)
        output.append(contentsOf: (digits.utf8.count == 1 ? "0" + digits : digits).utf8)
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
