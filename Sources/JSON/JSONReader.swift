/// Reads one JSON value from the whole of a text.
///
/// Stricter than RFC 8259 where the RFC leaves a choice that two readers could make differently:
/// names are unique in their object, strings hold no U+0000 and no half surrogate pair, and every
/// byte is valid UTF-8.
package enum JSONReader {
  /// Reads one document. Throws what is wrong with it, and where.
  package static func read(
    _ bytes: ArraySlice<UInt8>, dialect: JSONDialect = .strict, limits: JSONLimits = .signal,
    repeatedNames: JSONRepeatedNames = .refused
  ) throws(JSONError) -> JSONValue {
    var scanner = JSONScanner(
      bytes: bytes, dialect: dialect, limits: limits, repeatedNames: repeatedNames)
    return try scanner.document()
  }

  /// Reads one document. Throws what is wrong with it, and where.
  package static func read(
    _ bytes: [UInt8], dialect: JSONDialect = .strict, limits: JSONLimits = .signal,
    repeatedNames: JSONRepeatedNames = .refused
  ) throws(JSONError) -> JSONValue {
    try read(bytes[...], dialect: dialect, limits: limits, repeatedNames: repeatedNames)
  }

  /// Reads one document. Throws what is wrong with it, and where.
  package static func read(
    _ text: String, dialect: JSONDialect = .strict, limits: JSONLimits = .signal
  ) throws(JSONError) -> JSONValue {
    try read(Array(text.utf8), dialect: dialect, limits: limits)
  }
}

/// One pass over the bytes. Recursion is bounded by `limits.maximumDepth`.
///
/// Longer than 400 lines, because each of the grammar's parts is one function over one place.
struct JSONScanner {
  /// Looked at through its span, whose places count from 0 and whose bounds are checked once.
  let bytes: ArraySlice<UInt8>
  let dialect: JSONDialect
  let limits: JSONLimits
  let repeatedNames: JSONRepeatedNames
  /// The next byte to read, counted from the first.
  var index = 0
  private var values = 0
  /// The outermost object is most often a signal or the answer to an order, which have fewer. More
  /// would be a block that malloc does not keep at hand.
  private static let usualMembers = 15
  /// Up to here every byte is a column of the first line: in most texts the whole of it.
  private let firstLineEnd: Int
  /// The last place behind that whose line and column were counted; places are asked for in rising
  /// order, so that all the counting together is one pass over the text.
  private var mark = JSONPosition.start

  init(
    bytes: ArraySlice<UInt8>, dialect: JSONDialect, limits: JSONLimits,
    repeatedNames: JSONRepeatedNames
  ) {
    self.bytes = bytes
    firstLineEnd = bytes.span.endOfPlainText(from: 0)
    self.dialect = dialect
    self.limits = limits
    self.repeatedNames = repeatedNames
  }

  // The two that look at a byte are inlined: a call would be given a copy of the scanner.

  /// The next byte; nil at the end.
  @inline(__always)
  var next: UInt8? {
    let bytes = bytes.span
    return index < bytes.count ? bytes[index] : nil
  }

  /// The byte so far ahead of the next one; nil past the end.
  @inline(__always)
  func peek(_ distance: Int) -> UInt8? {
    let bytes = bytes.span
    return index + distance < bytes.count ? bytes[index + distance] : nil
  }

  mutating func document() throws(JSONError) -> JSONValue {
    if dialect == .strict, next == 0xEF, peek(1) == 0xBB, peek(2) == 0xBF {
      throw failure(.byteOrderMark, at: index)
    }
    try skipSpace()
    let value = try value(depth: 0)
    try skipSpace()
    if index < bytes.count { throw failure(.trailingBytes, at: index) }
    return value
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard let byte = next else { throw endOfText() }
    values += 1
    if values > limits.maximumValues {
      throw failure(.tooManyValues(maximum: limits.maximumValues), at: index)
    }
    switch byte {
    case UInt8(ascii: "{"):
      return try object(depth: depth + 1)
    case UInt8(ascii: "["):
      return try array(depth: depth + 1)
    case UInt8(ascii: "\""):
      return .string(try string(quote: byte))
    case UInt8(ascii: "'") where dialect == .json5:
      return .string(try string(quote: byte))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return .number(try number())
    case UInt8(ascii: "+") where dialect == .json5, UInt8(ascii: ".") where dialect == .json5:
      return .number(try number())
    case UInt8(ascii: "t"):
      return try literal("true", .bool(true))
    case UInt8(ascii: "f"):
      return try literal("false", .bool(false))
    case UInt8(ascii: "n"):
      return try literal("null", .null)
    default:
      throw unexpected(.value)
    }
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    for character in text.description.utf8 {
      guard let byte = next else { throw endOfText() }
      guard byte == character else { throw unexpected(.value) }
      index += 1
    }
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    try enter(depth)
    var elements: [JSONValue] = []
    try skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value(depth: depth))
      try skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw unexpected(.commaOrBracket) }
      try skipSpace()
      if dialect == .json5, take(UInt8(ascii: "]")) { return .array(elements) }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    try enter(depth)
    var members: [JSONMember] = []
    if depth == 1 { members.reserveCapacity(Self.usualMembers) }
    var names = JSONNames()
    try skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      let position = position(at: index)
      let name = try name()
      if repeatedNames == .refused, !names.insert(name, among: members) {
        throw JSONError(problem: .duplicateKey(name), position: position)
      }
      try skipSpace()
      guard take(UInt8(ascii: ":")) else { throw unexpected(.colon) }
      try skipSpace()
      members.append(
        JSONMember(name: name, value: try value(depth: depth), position: position))
      try skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw unexpected(.commaOrBrace) }
      try skipSpace()
      if dialect == .json5, take(UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func name() throws(JSONError) -> String {
    guard let byte = next else { throw endOfText() }
    if byte == UInt8(ascii: "\"") { return try string(quote: byte) }
    guard dialect == .json5 else { throw unexpected(.name) }
    if byte == UInt8(ascii: "'") { return try string(quote: byte) }
    let start = index
    while let byte = next, byte.isNameByte, index > start || !byte.isDigit { index += 1 }
    guard index > start else { throw unexpected(.name) }
    return bytes.span.plainText(start..<index)
  }

  /// Steps over the opening bracket.
  private mutating func enter(_ depth: Int) throws(JSONError) {
    if depth > limits.maximumDepth {
      throw failure(.tooDeep(maximum: limits.maximumDepth), at: index)
    }
    index += 1
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  // MARK: Failures

  mutating func failure(_ problem: JSONError.Problem, at place: Int) -> JSONError {
    JSONError(problem: problem, position: position(at: place))
  }

  mutating func endOfText() -> JSONError {
    failure(.unexpectedEnd, at: bytes.count)
  }

  /// The next byte, or the end, is not what the grammar wants here.
  private mutating func unexpected(_ wanted: JSONError.Expectation) -> JSONError {
    guard let byte = next else { return endOfText() }
    return failure(.unexpected(found: byte, wanted: wanted), at: index)
  }

  /// Line and column of a place among the bytes. A line ends with LF, CR or CR LF.
  private mutating func position(at offset: Int) -> JSONPosition {
    if offset <= firstLineEnd { return JSONPosition(offset: offset, line: 1, column: offset + 1) }
    mark = position(at: offset, from: offset < mark.offset ? .start : mark)
    return mark
  }

  private func position(at offset: Int, from mark: JSONPosition) -> JSONPosition {
    let bytes = bytes.span
    var line = mark.line
    var column = mark.column
    for place in mark.offset..<offset {
      let byte = bytes[place]
      if byte == 0x0A || (byte == 0x0D && !(place + 1 < bytes.count && bytes[place + 1] == 0x0A)) {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return JSONPosition(offset: offset, line: line, column: column)
  }
}

/// The names seen in one object.
private struct JSONNames {
  /// Up to here comparing with each earlier name is quicker than hashing.
  private static let linearMaximum = 48

  /// One bit of each name: whoever finds its own unset is new.
  private var bits: UInt64 = 0
  private var hashed: Set<[UInt8]> = []

  /// False when the name is there already. Names are the same when their UTF-8 is: Swift's own
  /// comparison would also equate spellings that JSON tells apart.
  mutating func insert(_ name: String, among members: [JSONMember]) -> Bool {
    if members.count < Self.linearMaximum {
      let bit = Self.bit(of: name)
      let isNew = bits & bit == 0
      bits |= bit
      return isNew || !members.contains { $0.name == name && $0.name.utf8.elementsEqual(name.utf8) }
    }
    if hashed.isEmpty { hashed = Set(members.map { Array($0.name.utf8) }) }
    return hashed.insert(Array(name.utf8)).inserted
  }

  private static func bit(of name: String) -> UInt64 {
    let bytes = name.utf8.span
    guard let last = bytes.indices.last else { return 1 }
    let sum =
      bytes.count &+ 3 &* Int(bytes[0]) &+ 5 &* Int(bytes[last / 2]) &+ 7 &* Int(bytes[last])
    return 1 &<< UInt64(truncatingIfNeeded: sum)
  }
}

extension UInt8 {
  var isDigit: Bool {
    self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9")
  }

  /// Allowed inside a bare name.
  var isNameByte: Bool {
    isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z"))
      || self == UInt8(ascii: "_") || self == UInt8(ascii: "$")
  }
}
