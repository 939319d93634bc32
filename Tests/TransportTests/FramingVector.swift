import Testing
import Transport

/// What a reader must make of some bytes; the answer's body and whether the connection stays.
enum Expected: Equatable {
  case answer(Int, String, keepAlive: Bool, leftover: Int = 0)
  case failure(HTTPViolation)
  case needMore
}

struct FramingVector: CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let expected: Expected
  /// Whether the peer closes in good order after the bytes.
  var closes = false

  init(_ name: String, _ text: String, _ expected: Expected, closes: Bool = false) {
    self.name = name
    // One character, one byte.
    bytes = text.unicodeScalars.map { UInt8($0.value) }
    self.expected = expected
    self.closes = closes
  }

  var testDescription: String { name }

  /// Feeds the pieces until something comes out.
  func outcome(_ pieces: [ArraySlice<UInt8>]) -> Expected {
    var parser = HTTPResponseParser(limits: HTTPLimits(bodyMaximum: 1_000))
    for piece in pieces {
      let found = Self.expected(parser.feed(Array(piece).span))
      if found != .needMore { return found }
    }
    return closes ? Self.expected(parser.finish()) : .needMore
  }

  private static func expected(_ step: HTTPResponseParser.Step) -> Expected {
    switch step {
    case .needMore: .needMore
    case .failure(let violation): .failure(violation)
    case .complete(let response, let keepAlive, let leftover):
      .answer(
        response.status, String(decoding: response.body, as: UTF8.self), keepAlive: keepAlive,
        leftover: leftover)
    }
  }
}

extension Expected {
  var withoutLeftover: Expected {
    switch self {
    case .answer(let status, let body, _, let leftover) where leftover > 0:
      .answer(status, body, keepAlive: true)
    case .answer(let status, let body, let keepAlive, _):
      .answer(status, body, keepAlive: keepAlive)
    case .failure, .needMore: self
    }
  }
}
