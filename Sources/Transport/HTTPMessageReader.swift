/// The part of reading a message that requests and answers share: lines, fields, and the body in its
/// framing (RFC 9112 §5–§7). Pure: bytes go in, and it says when it needs more.
struct HTTPMessageReader {
  /// How the length of a body is known (RFC 9112 §6.3).
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
    case untilClose
  }

  private enum ChunkState {
    case size
    case data(remaining: Int)
    case dataEnd
    case trailers
  }

  private enum BodyState {
    /// It stays in the buffer, unread, until the next message begins.
    case length(Int)
    case chunked(ChunkState)
    case untilClose
    case complete
  }

  let limits: HTTPLimits
  private(set) var fields: HTTPFields = []
  /// A body that comes in chunks or ends with the connection.
  private var collected: [UInt8] = []
  private var buffer: [UInt8] = []
  /// Everything before is consumed.
  private var start = 0
  /// No line feed lies between `start` and here.
  private var searched = 0
  private var headBytes = 0
  private var chunkLineBytes = 0
  private var bodyState = BodyState.complete
  /// The next line begins a message.
  private var isBetweenMessages = false

  /// Memory that is kept for the next message: no answer to an order comes near it, and lists of every
  /// symbol are far above.
  private static let keptMaximum = 64 * 1_024

  init(limits: HTTPLimits) {
    self.limits = limits
  }

  var unread: Int { buffer.count - start }

  /// What has come of the body: of one with a length, the very bytes that were received.
  var body: ArraySlice<UInt8> {
    switch bodyState {
    case .length(let length): buffer[start..<(start + min(length, unread))]
    case .chunked, .untilClose, .complete: collected[...]
    }
  }

  mutating func append(_ bytes: Span<UInt8>) {
    dropConsumed()
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe buffer.append(contentsOf: bytes)
    }
  }

  /// Begins the next message; what is unread stays. The memory of this one serves that one, where
  /// nobody else holds it by then.
  mutating func startMessage() {
    if case .length(let length) = bodyState { start += min(length, unread) }
    if unread == 0 && start > Self.keptMaximum { (buffer, start, searched) = ([], 0, 0) }
    if collected.count > Self.keptMaximum { collected = [] }
    isBetweenMessages = true
    headBytes = 0
    chunkLineBytes = 0
    bodyState = .complete
  }

  /// Gives up what is unread, for another protocol that goes on with it.
  mutating func takeUnread() -> [UInt8] {
    defer {
      buffer = []
      start = 0
      searched = 0
    }
    return Array(buffer[start...])
  }

  private mutating func dropConsumed() {
    guard start > 0 else { return }
    buffer.removeSubrange(..<start)
    searched = max(0, searched - start)
    start = 0
  }

  // MARK: - Lines and fields

  /// The next line without its CR LF; nil while it is not whole. Counts against the head's limit.
  mutating func line() throws(HTTPViolation) -> ArraySlice<UInt8>? {
    if isBetweenMessages {
      isBetweenMessages = false
      fields.removeAll(keepingCapacity: true)
      collected.removeAll(keepingCapacity: true)
    }
    guard let end = try lineEnd(maximum: HTTPLimits.headMaximum - headBytes, over: .headTooLarge)
    else { return nil }
    headBytes += end + 1 - start
    return consumeLine(upTo: end)
  }

  /// The place of the line feed that ends the next line.
  private mutating func lineEnd(
    maximum: Int, over violation: HTTPViolation
  ) throws(HTTPViolation) -> Int? {
    var place = max(searched, start)
    // Not a byte further: how the bytes were cut into pieces must not decide what is found first.
    let end = min(buffer.count, start + maximum)
    while place < end {
      let byte = buffer[place]
      if byte == 0x0A { break }
      // RFC 9112 §2.2 lets a reader take a bare LF for a line end; guessing is how two readers come
      // to see two different messages.
      if place > start && buffer[place - 1] == 0x0D { throw .lineEndInvalid }
      place += 1
    }
    searched = place
    guard place - start < maximum else { throw violation }
    guard place < buffer.count else { return nil }
    guard place > start, buffer[place - 1] == 0x0D else { throw .lineEndInvalid }
    return place
  }

  private mutating func consumeLine(upTo end: Int) -> ArraySlice<UInt8> {
    let line = buffer[start..<(end - 1)]
    start = end + 1
    searched = start
    return line
  }

  /// Reads fields up to the empty line; false while it has not come.
  mutating func readFields() throws(HTTPViolation) -> Bool {
    while let line = try line() {
      if line.isEmpty { return true }
      guard fields.count < HTTPLimits.fieldsMaximum else { throw .tooManyFields }
      fields.append(try Self.field(line))
    }
    return false
  }

  private static func field(
    _ line: ArraySlice<UInt8>
  ) throws(HTTPViolation) -> (name: String, value: String) {
    if line.first == 0x20 || line.first == 0x09 { throw .fieldFolded }
    guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else {
      throw .fieldInvalid
    }
    let name = line[..<colon]
    var value = line[(colon + 1)...]
    while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
    while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
    for byte in name where !byte.isToken { throw .fieldInvalid }
    for byte in value where !byte.isFieldValue { throw .fieldInvalid }
    return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  /// What the fields say about the body; nil when they say nothing.
  func declaredFraming() throws(HTTPViolation) -> Framing? {
    let lengths = fields.count(of: "Content-Length")
    if let coding = fields.first("Transfer-Encoding") {
      guard lengths == 0 else { throw .lengthAndCoding }
      guard fields.count(of: "Transfer-Encoding") == 1, coding.hasSameLetters(as: "chunked")
      else { throw .transferCodingUnsupported }
      return .chunked
    }
    guard let text = fields.first("Content-Length") else { return nil }
    guard lengths == 1 else { throw .contentLengthRepeated }
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit), let length = Int(text)
    else { throw .contentLengthInvalid }
    return .length(length)
  }

  // MARK: - Body

  mutating func startBody(_ framing: Framing) throws(HTTPViolation) {
    switch framing {
    case .none: bodyState = .complete
    case .length(let length):
      guard length <= limits.bodyMaximum else { throw .bodyTooLarge }
      bodyState = length == 0 ? .complete : .length(length)
    case .chunked: bodyState = .chunked(.size)
    case .untilClose: bodyState = .untilClose
    }
  }

  /// Takes what is there; true when the body is whole.
  mutating func readBody() throws(HTTPViolation) -> Bool {
    while true {
      switch bodyState {
      case .complete: return true
      case .length(let length): return unread >= length
      case .chunked(let state):
        guard let next = try readChunk(state) else { return false }
        bodyState = next
      case .untilClose:
        guard collected.count + unread <= limits.bodyMaximum else { throw .bodyTooLarge }
        _ = takeBody(unread)
        return false
      }
    }
  }

  /// The peer has closed in good order: true when that is what ends this body.
  var endsByClose: Bool {
    switch bodyState {
    case .untilClose: true
    case .complete, .length, .chunked: false
    }
  }

  private mutating func takeBody(_ maximum: Int) -> Int {
    let count = min(maximum, unread)
    collected.append(contentsOf: buffer[start..<(start + count)])
    start += count
    return count
  }

  /// One step through RFC 9112 §7.1; nil while more bytes are needed. The partial progress of
  /// `.data` is kept in `bodyState`.
  private mutating func readChunk(_ state: ChunkState) throws(HTTPViolation) -> BodyState? {
    switch state {
    case .size:
      guard let end = try lineEnd(maximum: HTTPLimits.chunkLineMaximum, over: .chunkInvalid)
      else { return nil }
      chunkLineBytes += end + 1 - start
      guard chunkLineBytes <= HTTPLimits.chunkLinesMaximum else { throw .chunkInvalid }
      let size = try Self.chunkSize(consumeLine(upTo: end))
      guard size <= limits.bodyMaximum - collected.count else { throw .bodyTooLarge }
      return .chunked(size == 0 ? .trailers : .data(remaining: size))
    case .data(let remaining):
      let left = remaining - takeBody(remaining)
      guard left == 0 else {
        bodyState = .chunked(.data(remaining: left))
        return nil
      }
      return .chunked(.dataEnd)
    case .dataEnd:
      guard unread >= 2 else {
        if unread == 1 && buffer[start] != 0x0D { throw .chunkInvalid }
        return nil
      }
      guard buffer[start] == 0x0D, buffer[start + 1] == 0x0A else { throw .chunkInvalid }
      start += 2
      return .chunked(.size)
    case .trailers:
      guard try readTrailers() else { return nil }
      return .complete
    }
  }

  /// Trailers are read for their form, bounded with the head, and dropped: none of them may change
  /// what the head said (RFC 9110 §6.5.1).
  private mutating func readTrailers() throws(HTTPViolation) -> Bool {
    while let line = try line() {
      if line.isEmpty { return true }
      _ = try Self.field(line)
    }
    return false
  }

  private static func chunkSize(_ line: ArraySlice<UInt8>) throws(HTTPViolation) -> Int {
    let digits = line.prefix { $0 != 0x3B }
    for byte in line where !byte.isFieldValue { throw .chunkInvalid }
    // 15 digits fit 60 bits, so nothing overflows; a longer number is over every limit.
    guard (1...15).contains(digits.count) else { throw .chunkInvalid }
    var size = 0
    for digit in digits {
      switch digit {
      case 0x30...0x39: size = size << 4 | Int(digit - 0x30)
      case 0x41...0x46: size = size << 4 | Int(digit - 0x37)
      case 0x61...0x66: size = size << 4 | Int(digit - 0x57)
      default: throw .chunkInvalid
      }
    }
    return size
  }
}
