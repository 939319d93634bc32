import Matching

/// Makes inputs from a corpus by small changes. The same seed and corpus give the same inputs.
struct Mutator {
  private let corpus: [[UInt8]]
  private let maximumBytes: Int
  private var random: SplitMix64

  /// Bytes that mean something to one of the readers.
  private static let marks =
    Array("{}[]\",:'\\/-+.eE0123456789 \t\r\n;=|%?#".utf8) + [
      0x00, 0x7F, 0x80, 0xC2, 0xE2, 0xED, 0xF4, 0xFF,
    ]
  /// Changes to one input.
  private static let changesMaximum = 8

  init(seed: UInt64, maximumBytes: Int, corpus: [[UInt8]]) {
    random = SplitMix64(seed: seed)
    self.maximumBytes = maximumBytes
    self.corpus = corpus.isEmpty ? [[]] : corpus
  }

  mutating func next() -> [UInt8] {
    var input = any()
    for _ in 0...random.below(Self.changesMaximum) { change(&input) }
    return Array(input.prefix(maximumBytes))
  }

  private mutating func any() -> [UInt8] {
    corpus[random.below(corpus.count)]
  }

  private mutating func change(_ input: inout [UInt8]) {
    let place = random.below(input.count + 1)
    let rest = input.count - place
    switch random.below(8) {
    case 0 where rest > 0: input[place] ^= 1 << UInt8(random.below(8))
    case 1 where rest > 0: input[place] = mark()
    case 2: input.insert(mark(), at: place)
    case 3 where rest > 0: input.removeSubrange(place..<(place + 1 + random.below(min(rest, 16))))
    case 4 where rest > 0:
      // Again, once or many times: limits are met by repetition.
      let part = input[place..<(place + 1 + random.below(min(rest, 64)))]
      for _ in 0..<(1 << random.below(6)) where input.count < maximumBytes {
        input.insert(contentsOf: part, at: place)
      }
    case 5:
      let other = any()
      let start = random.below(other.count + 1)
      let end = start + random.below(other.count - start + 1)
      input.insert(contentsOf: other[start..<end], at: place)
    case 6 where rest > 0: input[place] = UInt8(random.below(256))
    case 7: input.removeSubrange(place...)
    default: input.insert(UInt8(random.below(256)), at: place)
    }
  }

  private mutating func mark() -> UInt8 {
    Self.marks[random.below(Self.marks.count)]
  }
}
