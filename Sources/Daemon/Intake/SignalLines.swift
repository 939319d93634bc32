/// Tells a client's lines that are signals from those of a JSON text that goes on over several lines.
/// Such a text is no signal. A whole object ends it, unless it is the next of a list's elements: what
/// began the text was a broken line, which must not cost the client the signals behind it.
package struct SignalLines {
  package enum Kind: Hashable, Sendable {
    /// To be judged as a signal, whatever it is.
    case signal
    /// The beginning of a text over several lines.
    case textBegins
    /// A whole object behind another one and a comma in a list: perhaps meant as a signal.
    case element
    /// Wants no answer of its own.
    case textGoesOn
  }

  private let maximumTextBytes: Int
  private var text = Nesting()
  private var textBytes = 0
  /// The text's last line was one of several, and ended in a comma.
  private var awaitsElement = false

  /// A text that is longer than one signal may be has no end that is worth waiting for.
  package init(maximumTextBytes: Int) {
    self.maximumTextBytes = maximumTextBytes
  }

  package mutating func kind(of line: [UInt8]) -> Kind {
    var alone = Nesting()
    alone.follow(line)
    let first = Self.firstByte(of: line)
    if text.goesOn(with: first) {
      let last = line.last { !Self.isBlank($0) }
      let isObject =
        first == UInt8(ascii: "{") && alone.isWhole && last == UInt8(ascii: "}")
      if isObject, !awaitsElement {
        text = Nesting()
        return .signal
      }
      text.follow(line)
      awaitsElement = text.isInArray && last == UInt8(ascii: ",")
      textBytes += line.count
      if textBytes > maximumTextBytes { text = Nesting() }
      return isObject ? .element : .textGoesOn
    }
    text = Nesting()
    awaitsElement = false
    guard let first, Nesting.Bracket(opening: first) != nil, alone.isBeginning else {
      return .signal
    }
    text = alone
    textBytes = line.count
    return .textBegins
  }

  /// Behind blanks and a byte order mark.
  private static func firstByte(of line: [UInt8]) -> UInt8? {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = line.starts(with: mark) ? line[mark.count...] : line[...]
    return text.first { !isBlank($0) }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}

/// How deep a JSON text is in its brackets, without a look at whether it is JSON.
private struct Nesting {
  enum Bracket {
    case object, array

    init?(opening byte: UInt8) {
      switch byte {
      case UInt8(ascii: "{"): self = .object
      case UInt8(ascii: "["): self = .array
      default: return nil
      }
    }
  }

  /// The innermost is the last.
  private var open: [Bracket] = []
  private var isInString = false
  /// The outermost bracket was closed at least once.
  private var wasClosed = false

  /// No signal and no answer of a tool has more.
  private static let depthMaximum = 64

  var isWhole: Bool { wasClosed || open.isEmpty }
  /// Nobody breaks a text over lines within its first string, or within a hundred brackets: such a
  /// line was cut off, or is garbage.
  var isBeginning: Bool { !isWhole && !isInString && open.count <= Self.depthMaximum }
  var isInArray: Bool { open.last == .array && !isInString }

  mutating func follow(_ bytes: [UInt8]) {
    var isEscaped = false
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else if let bracket = Bracket(opening: byte) {
        open.append(bracket)
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        _ = open.popLast()
        if open.isEmpty { wasClosed = true }
      }
    }
  }

  /// Whether the text can go on with a line that begins so. In an object a name follows, or its end;
  /// a bracket there means that the line before was a broken one, and this is another's beginning.
  func goesOn(with first: UInt8?) -> Bool {
    guard let innermost = open.last else { return false }
    guard let first else { return true }
    switch innermost {
    case .array: return isInString || !Self.isLetter(first) || "tfn".utf8.contains(first)
    case .object:
      return Bracket(opening: first) == nil && (isInString || "\"}],:".utf8.contains(first))
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
