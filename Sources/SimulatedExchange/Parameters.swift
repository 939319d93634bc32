import JSON
import Matching

/// The parameters of one request: from the query and from a body in the same form, the query first.
struct Parameters {
  private var values: [String: String] = [:]
  /// What the signature covers: query and body without `signature`, one right after the other.
  let signedBytes: [UInt8]
  private(set) var signature: String?
  /// Whether all that the signature covers is spelled as the exchange makes its own signature of it.
  private(set) var isWellEncoded = true

  init(query: String, body: [UInt8]) {
    var signed: [UInt8] = []
    for part in [Array(query.utf8), body] {
      var kept: [ArraySlice<UInt8>] = []
      for pair in part.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
        let halves = pair.split(
          separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let name = PercentEncoding.decoded(halves[0])
        let value = halves.count > 1 ? PercentEncoding.decoded(halves[1]) : ""
        if name == "signature" {
          signature = signature ?? value
          continue
        }
        kept.append(pair)
        if !halves.allSatisfy(PercentEncoding.isCanonical) { isWellEncoded = false }
        if values[name] == nil { values[name] = value }
      }
      signed += kept.joined(separator: [UInt8(ascii: "&")])
    }
    signedBytes = signed
  }

  func contains(_ name: String) -> Bool { values[name] != nil }

  /// `nil` also when it was sent empty.
  subscript(name: String) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    return value
  }

  /// Every symbol that the request names, also those of a batch's orders.
  var namedSymbols: [String] {
    let outside = [self["symbol"], self["symbols"]].compactMap(\.self).flatMap { text in
      text.split { ",[]\" ".contains($0) }.map(String.init)
    }
    let batch = self["batchOrders"].flatMap { (try? JSONReader.read($0))?.arrayValue } ?? []
    return outside + batch.compactMap { $0["symbol"]?.stringValue }
  }

  func required(_ name: String) throws(Refusal) -> String {
    guard let value = self[name] else { throw .missing(name) }
    return value
  }

  /// `fallback` when it was not sent.
  func integer(
    _ name: String, default fallback: Int64, in range: ClosedRange<Int64> = 0...(.max)
  ) throws(Refusal) -> Int64 {
    guard let text = self[name] else { return fallback }
    guard let value = Int64(text), range.contains(value) else {
      throw Refusal(33333, "Parameter error: \(name)")
    }
    return value
  }

  /// How many rows: more than the most is answered with the most.
  func limit(default fallback: Int, maximum: Int) throws(Refusal) -> Int {
    Int(min(try integer("limit", default: Int64(fallback), in: 1...(.max)), Int64(maximum)))
  }
}

/// RFC 3986 §2.1.
package enum PercentEncoding {
  /// Whether every byte that is not unreserved (RFC 3986 §2.3) is encoded, with capital letters.
  static func isCanonical(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        continue
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst(), let low = rest.popFirst(), isCapitalDigit(high),
          isCapitalDigit(low)
        else { return false }
      default: return false
      }
    }
    return true
  }

  private static func isCapitalDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }

  /// A `%` that begins no code stands for itself; `+` is a blank, as in a form.
  package static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var output: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
        let code = UInt8(
          String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        output.append(code)
        index += 3
      } else {
        output.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        index += 1
      }
    }
    return String(decoding: output, as: UTF8.self)
  }
}
