extension JSONScanner {
  /// Reads a number and returns it in strict JSON spelling (RFC 8259 §6): in JSON5 a plus sign and
  /// a bare point at either end are accepted and written out.
  mutating func number() throws(JSONError) -> String {
    let start = index
    let negative = next == UInt8(ascii: "-")
    if negative || next == UInt8(ascii: "+") { index += 1 }

    let whole = try digits(from: start)
    if whole.count > 1, bytes[whole.lowerBound] == UInt8(ascii: "0") {
      throw failure(.badNumber, at: start)
    }
    if whole.isEmpty, dialect == .strict || next != UInt8(ascii: ".") {
      throw incompleteNumber(from: start)
    }

    var fraction = index..<index
    if next == UInt8(ascii: ".") {
      index += 1
      fraction = try digits(from: start)
      if fraction.isEmpty, dialect == .strict || whole.isEmpty {
        throw incompleteNumber(from: start)
      }
    }
    let exponentStart = index
    if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
      index += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
      if try digits(from: start).isEmpty { throw incompleteNumber(from: start) }
    }
    if let byte = next, byte.isNameByte || byte == UInt8(ascii: ".") {
      throw failure(.badNumber, at: start)
    }
    if dialect == .strict { return text(start..<index) }
    return (negative ? "-" : "") + (whole.isEmpty ? "0" : text(whole))
      + (fraction.isEmpty ? "" : "." + text(fraction)) + text(exponentStart..<index)
  }

  private mutating func digits(from start: Int) throws(JSONError) -> Range<Int> {
    let first = index
    while let byte = next, byte.isDigit { index += 1 }
    if index - start > limits.maximumNumberLength {
      throw failure(.numberTooLong(maximum: limits.maximumNumberLength), at: start)
    }
    return first..<index
  }

  private mutating func incompleteNumber(from start: Int) -> JSONError {
    index < bytes.endIndex ? failure(.badNumber, at: start) : endOfText()
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }
}
