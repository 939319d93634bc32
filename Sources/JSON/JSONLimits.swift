/// The grammar that a text is read by.
package enum JSONDialect: Sendable {
  /// RFC 8259, without a byte order mark.
  case strict
  /// The JSON5 1.0 grammar, except that bare names are ASCII and that hexadecimal numbers,
  /// Infinity and NaN are refused: no setting and no amount of money is written so.
  case json5
}

/// What becomes of a name that stands twice in one object.
package enum JSONRepeatedNames: Sendable {
  /// The text is refused at the second one.
  case refused
  /// Both members are in the value: for a caller that reports them together with other faults.
  case kept
}

/// What one text may cost its reader.
package struct JSONLimits: Sendable {
  /// Objects and arrays inside each other. Bounds the reader's stack, too.
  package let maximumDepth: Int
  /// Characters of one number.
  package let maximumNumberLength: Int
  /// Values of every kind in the whole text.
  package let maximumValues: Int

  package init(maximumDepth: Int, maximumNumberLength: Int, maximumValues: Int) {
    self.maximumDepth = maximumDepth
    self.maximumNumberLength = maximumNumberLength
    self.maximumValues = maximumValues
  }

  /// An exact amount of money has at most 39 digits; 64 leaves room for a spelling with zeros.
  private static let numberLength = 64

  /// A signal is flat and has some fifteen fields. A number may be as long as the text, which is bounded
  /// itself: what is wrong with it is said of its field.
  package static let signal = JSONLimits(
    maximumDepth: 16, maximumNumberLength: .max, maximumValues: 1_024)

  /// The largest answer, the rules of every symbol, holds about 40 values for each of some
  /// 3,000 symbols.
  package static let exchange = JSONLimits(
    maximumDepth: 32, maximumNumberLength: numberLength, maximumValues: 1_000_000)

  /// A file that a person writes; symbol lists may be long.
  package static let configuration = JSONLimits(
    maximumDepth: 16, maximumNumberLength: numberLength, maximumValues: 16_384)
}
