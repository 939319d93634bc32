/// Text that is put together from pieces, of which none has to be a string.
extension [UInt8] {
  /// Appends the text's UTF-8.
  package mutating func append(text: String) {
    var text = text
    text.withUTF8 { bytes in unsafe append(contentsOf: bytes) }
  }

  /// Appends the number in plain digits.
  package mutating func append(number: Int64) {
    var text = BackwardText()
    text.put(number.magnitude)
    if number < 0 { text.put(byte: UInt8(ascii: "-")) }
    text.append(to: &self)
  }

  /// Appends what `description` is.
  package mutating func append(decimal: FixedDecimal) {
    BackwardText(decimal).append(to: &self)
  }
}

extension FixedDecimal: CustomStringConvertible {
  /// Plain digits, no exponent, no trailing zeros after the point: what the exchange is sent.
  package var description: String { BackwardText(self).string }
}

/// A number's text, written from its end.
private struct BackwardText {
  /// A sign, 21 digits, a point and 18 digits.
  private var bytes = InlineArray<41, UInt8>(repeating: 0)
  /// Where the last byte was put.
  private var place = 41

  init() {}

  init(_ decimal: FixedDecimal) {
    let (quotient, remainder) = decimal.units.magnitude.quotientAndRemainder(
      dividingBy: FixedDecimal.one.magnitude)
    // 64 bits are several times quicker, and hold every fraction and almost every whole.
    put(fraction: UInt64(remainder), digits: FixedDecimal.fractionDigits)
    if let whole = UInt64(exactly: quotient) { put(whole) } else { put(quotient) }
    if decimal.units < 0 { put(byte: UInt8(ascii: "-")) }
  }

  mutating func put(byte: UInt8) {
    place -= 1
    bytes[place] = byte
  }

  mutating func put(_ number: some FixedWidthInteger & UnsignedInteger) {
    var rest = number
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      put(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
      rest = quotient
    } while rest > 0
  }

  /// The point and what follows it, without zeros at the end; nothing for a fraction of 0.
  private mutating func put(fraction: UInt64, digits: Int) {
    guard fraction > 0 else { return }
    var (rest, left) = (fraction, digits)
    // Few fractions have more than nine digits.
    if rest % 1_000_000_000 == 0 {
      rest /= 1_000_000_000
      left -= 9
    }
    while rest % 10 == 0 {
      rest /= 10
      left -= 1
    }
    for _ in 0..<left {
      put(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
    put(byte: UInt8(ascii: "."))
  }

  func append(to text: inout [UInt8]) {
    unsafe bytes.span.extracting(place...).withUnsafeBufferPointer { bytes in
      unsafe text.append(contentsOf: bytes)
    }
  }

  var string: String {
    unsafe String(copying: UTF8Span(unchecked: bytes.span.extracting(place...), isKnownASCII: true))
  }
}
