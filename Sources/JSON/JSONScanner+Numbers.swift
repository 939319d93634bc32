extension JSONScanner {
  /// Reads a number and returns it in strict JSON spelling (RFC 8259 §6): in JSON5 a plus sign and
  /// a bare point at either end are accepted and written out.
  mutating func number() throws(JSONError) -> String {
    let start = index
    let negative = next == UInt8(ascii: "-")
    if negative || next == UInt8(ascii: "+") { index += 1 }

    let whole = try digits(from: start)
    if whole.count > 1, bytes.span[whole.lowerBound] == UInt8(ascii: "0") {
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
    if dialect == .strict { return bytes.span.plainText(start..<index) }
    return (negative ? "-" : "") + (whole.isEmpty ? "0" : bytes.span.plainText(whole))
      + (fraction.isEmpty ? "" : "." + bytes.span.plainText(fraction))
      + bytes.span.plainText(exponentStart..<index)
  }

  private mutating func digits(from start: Int) throws(JSONError) -> Range<Int> {
    let first = index
    index = digitsEnd()
    if index - start > limits.maximumNumberLength {
      throw failure(.numberTooLong(maximum: limits.maximumNumberLength), at: start)
    }
    return first..<index
  }

  private func digitsEnd() -> Int {
    let bytes = bytes.span
    var end = index
    while end < bytes.count, bytes[end].isDigit { end += 1 }
    return end
  }

  private mutating func incompleteNumber(from start: Int) -> JSONError {
    index < bytes.count ? failure(.badNumber, at: start) : endOfText()
  }
}
