/// What a client sent as one line.
package enum LineInput: Equatable, Sendable {
  /// Without its line end.
  case line([UInt8])
  /// The line was longer than allowed and is not kept.
  case tooLong
  /// Another protocol begins here; no line follows.
  case foreign(ForeignProtocol)
}

/// Cuts a stream of bytes into lines of bounded length. Empty lines are left out, and a carriage
/// return before the newline belongs to the line end. Everything behind the beginning of another
/// protocol is dropped.
package struct LineBuffer {
  private let maximumLineBytes: Int
  private var bytes: [UInt8] = []
  private var start = 0
  private var searched = 0
  /// Inside a line that was already reported as too long.
  private var isSkipping = false
  /// Another protocol has begun.
  private var isForeign = false

  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  package init(maximumLineBytes: Int) {
    self.maximumLineBytes = maximumLineBytes
  }

  /// Whether a line has begun that has not ended.
  var holdsPart: Bool { isSkipping || start < bytes.count }

  package mutating func append(_ more: some Collection<UInt8>) {
    if isForeign { return }
    if start > 0 {
      bytes.removeSubrange(..<start)
      searched -= start
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// The next whole line; nil when more bytes are needed.
  package mutating func next() -> LineInput? {
    if isForeign { return nil }
    while let newline = bytes[searched...].firstIndex(of: Self.newline) {
      let line = bytes[start..<newline]
      let wasSkipping = isSkipping
      isSkipping = false
      start = newline + 1
      searched = start
      if !wasSkipping, let input = input(line) { return input }
    }
    if !isSkipping, let other = ForeignProtocol(start: bytes[start...]) { return end(other) }
    searched = bytes.count
    // One more byte may be the carriage return of a line that just fits.
    guard isSkipping || bytes.count - start > maximumLineBytes + 1 else { return nil }
    let wasSkipping = isSkipping
    isSkipping = true
    clear()
    return wasSkipping ? nil : .tooLong
  }

  /// What stands after the last newline when the stream has ended.
  package mutating func finish() -> LineInput? {
    let rest = bytes[start...]
    clear()
    return isSkipping || isForeign ? nil : input(rest)
  }

  private mutating func input(_ line: ArraySlice<UInt8>) -> LineInput? {
    let content = line.last == Self.carriageReturn ? line.dropLast() : line
    if content.isEmpty { return nil }
    if let other = ForeignProtocol(start: content) { return end(other) }
    if content.count > maximumLineBytes { return .tooLong }
    if let other = ForeignProtocol(line: content) { return end(other) }
    return .line(Array(content))
  }

  private mutating func end(_ other: ForeignProtocol) -> LineInput {
    isForeign = true
    clear()
    return .foreign(other)
  }

  private mutating func clear() {
    bytes = []
    start = 0
    searched = 0
  }
}
