import Transport

/// Random messages in random fragments, the same for the same seed.
struct SeededFrames {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// A message, and its frames as this role sends them, with pings and pongs between the fragments.
  mutating func message(role: WebSocketRole) -> (WebSocketEvent, [UInt8]) {
    let isText = below(2) == 0
    let count = [0, below(10), below(300), below(70_000)][below(4)]
    let text = String(repeating: "a€😀", count: isText ? count / 8 : 0)
    let payload = isText ? Array(text.utf8) : (0..<count).map { _ in UInt8(below(256)) }
    let mask = UInt32(truncatingIfNeeded: next())
    let writer = WebSocketWriter(role: role, random: { mask })
    var bytes: [UInt8] = []
    let fragments = pieces(of: payload)
    for (number, fragment) in fragments.enumerated() {
      let opcode: WebSocketOpcode = number > 0 ? .continuation : isText ? .text : .binary
      writer.append(opcode, fragment, isFinal: number == fragments.count - 1, to: &bytes)
      if below(3) == 0 { writer.append(below(2) == 0 ? .ping : .pong, [1, 2, 3], to: &bytes) }
    }
    return (isText ? .text(text) : .binary(payload), bytes)
  }

  /// At least one; some may be empty.
  mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let cuts = (0..<below(6)).map { _ in below(bytes.count + 1) }.sorted()
    return zip([0] + cuts, cuts + [bytes.count]).map { bytes[$0..<$1] }
  }
}
