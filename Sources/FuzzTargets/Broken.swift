/// What an input brought about that none may.
package struct Broken: Error, CustomStringConvertible, Sendable {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

func require(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws(Broken) {
  if !holds { throw Broken(otherwise()) }
}

/// Bytes of a message that goes into a log or an answer: sentences of ours with a bounded part of
/// what the stranger wrote.
private let messageMaximum = 1_024

/// Texts made from what strangers wrote stay on one line, cannot move a cursor, and are bounded.
func requireMessage(_ text: String) throws(Broken) {
  try requireOneLine(text)
  try require(
    (1...messageMaximum).contains(text.utf8.count), "a message of \(text.utf8.count) bytes")
}

func requireOneLine(_ text: String) throws(Broken) {
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
      throw Broken("U+\(String(scalar.value, radix: 16)) in a message")
    default: break
    }
  }
}

/// Swift compares texts up to canonical equivalence; here every byte counts.
func haveSameBytes(_ left: String, _ right: String) -> Bool {
  left.utf8.elementsEqual(right.utf8)
}

/// A place to cut the input in two, the same for the same input, spread evenly over inputs.
func place(in input: [UInt8]) -> Int {
  // FNV-1a, 64 bits.
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in input { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return Int(hash % UInt64(input.count + 1))
}
