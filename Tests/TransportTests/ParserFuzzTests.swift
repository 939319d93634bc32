import TestKit
import Testing
import Transport

/// Seeded damage to good messages: no input may crash a parser, and none may mean two things
/// depending on how it arrives.
@Suite struct ParserFuzzTests {
  private static let pieces: [[UInt8]] = [
    "\r\n", "\n", "\r", "\0", " ", "\t", ":", ";", ",", "0", "5", "f", "FFFFFFFFFFFFFFFF",
    "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n", "Connection: close\r\n", "0\r\n\r\n", "5\r\nhello\r\n",
  ].map { Array($0.utf8) }

  private static func damage(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(3) {
      let place = random.below(bytes.count + 1)
      switch random.below(4) {
      case 0: bytes.insert(contentsOf: pieces[random.below(pieces.count)], at: place)
      case 1 where place < bytes.count: bytes[place] = UInt8(random.below(256))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
      default: bytes.removeLast(min(bytes.count, random.below(4)))
      }
    }
    return bytes
  }

  private static func outcome(_ pieces: [ArraySlice<UInt8>]) -> String {
    var parser = HTTPResponseParser(limits: HTTPLimits(bodyMaximum: 100))
    for piece in pieces {
      let bytes = Array(piece)
      switch parser.feed(bytes.span) {
      case .needMore: continue
      case .failure(let violation): return "\(violation)"
      case .complete(let response, _, _):
        return "\(response.status) \(response.headers) \(response.body)"
      }
    }
    switch parser.finish() {
    case .needMore: return "more"
    case .failure(let violation): return "\(violation)"
    case .complete(let response, _, _):
      return "\(response.status) \(response.headers) \(response.body)"
    }
  }

  @Test(arguments: 1...4)
  func `damaged answers mean one thing or nothing`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let good = [
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\nuntil the end",
    ].map { Array($0.utf8) }
    var answers = 0
    for run in 0..<2_500 {
      let bytes = Self.damage(good[run % good.count], &random)
      let whole = Self.outcome([bytes[...]])
      #expect(Self.outcome(bytes.indices.map { bytes[$0...$0] }) == whole, "run \(run)")
      let cut = random.below(bytes.count + 1)
      #expect(Self.outcome([bytes[..<cut], bytes[cut...]]) == whole, "run \(run), cut \(cut)")
      if whole.first?.isNumber == true { answers += 1 }
    }
    // Some damage is harmless and most is not; a run that sees only one kind tests nothing.
    #expect((200...2_300).contains(answers))
  }

  @Test(arguments: 1...4)
  func `damaged requests crash nothing`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let good = Array(
      ("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        + "PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
        .utf8)
    var requests = 0
    var failures = 0
    for _ in 0..<2_500 {
      var parser = HTTPRequestParser(limits: HTTPLimits(bodyMaximum: 100))
      let bytes = Self.damage(good, &random)
      parser.append(bytes.span)
      reading: while true {
        switch parser.next() {
        case .needMore: break reading
        case .wantsContinue: continue
        case .complete: requests += 1
        case .failure:
          failures += 1
          break reading
        }
      }
    }
    #expect(requests > 500)
    #expect(failures > 500)
  }
}
