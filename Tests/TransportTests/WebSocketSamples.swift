import Testing
import Transport

/// Frames that break a rule, as bytes, for both roles.
struct HostileFrames: CustomTestStringConvertible {
  let violation: WebSocketViolation
  /// Without a mask: as a server sends them.
  let bytes: [UInt8]

  var testDescription: String { "\(violation) \(bytes.prefix(8))" }

  init(_ violation: WebSocketViolation, _ bytes: [UInt8]) {
    self.violation = violation
    self.bytes = bytes
  }

  /// As a client sends them, with a mask that changes nothing. Every frame of the tables is short.
  var masked: [UInt8] {
    var rest = bytes[...]
    var masked: [UInt8] = []
    while rest.count >= 2 {
      let extended = [126: 2, 127: 8][rest[rest.startIndex + 1] & 0x7F] ?? 0
      let header = rest.prefix(2 + extended)
      rest = rest.dropFirst(header.count)
      masked += [header.first ?? 0, (header.dropFirst().first ?? 0) ^ 0x80] + header.dropFirst(2)
      let payload = rest.prefix(extended == 0 ? Int(header.last ?? 0) : 0)
      rest = rest.dropFirst(payload.count)
      masked += [0, 0, 0, 0] + payload
    }
    return masked + rest
  }

  static let all: [HostileFrames] =
    [0x40, 0x20, 0x10, 0x70].map { HostileFrames(.reservedBits, [0x81 | $0, 0x00]) }
    + ([0x3...0x7, 0xB...0xF] as [ClosedRange<UInt8>]).joined().map {
      HostileFrames(.reservedOpcode, [0x80 | $0, 0x00])
    }
    + [0x8, 0x9, 0xA].map { HostileFrames(.controlFragmented, [$0, 0x00]) }
    + [0x88, 0x89, 0x8A].flatMap { (control: UInt8) in
      [
        HostileFrames(.controlTooLong, [control, 126, 0x00, 126]),
        HostileFrames(.controlTooLong, [control, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
      ]
    }
    + [
      HostileFrames(.lengthNotMinimal, [0x82, 126, 0x00, 0x00]),
      HostileFrames(.lengthNotMinimal, [0x82, 126, 0x00, 125]),
      HostileFrames(.lengthNotMinimal, [0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]),
      HostileFrames(.lengthNotMinimal, [0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
      HostileFrames(.lengthTooLarge, [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
      HostileFrames(.lengthTooLarge, [0x82, 127, 0xFF] + [UInt8](repeating: 0xFF, count: 7)),
      HostileFrames(.continuationUnexpected, [0x80, 0x00]),
      HostileFrames(.continuationUnexpected, [0x00, 0x01, 0x61]),
      // Behind a message that is whole.
      HostileFrames(.continuationUnexpected, [0x81, 0x01, 0x61, 0x80, 0x00]),
      HostileFrames(.messageInterrupted, [0x01, 0x01, 0x61, 0x81, 0x01, 0x62]),
      HostileFrames(.messageInterrupted, [0x01, 0x00, 0x01, 0x00]),
      HostileFrames(.messageInterrupted, [0x02, 0x01, 0x61, 0x8A, 0x00, 0x82, 0x00]),
      HostileFrames(.closeTruncated, [0x88, 0x01, 0x03]),
      HostileFrames(.messageTooLarge, [0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0x01]),
      HostileFrames(.messageTooLarge, [0x81, 127, 0x7F] + [UInt8](repeating: 0xFF, count: 7)),
      HostileFrames(
        .messageTooLarge, [0x01, 0x01, 0x61, 0x80, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]),
    ]
    + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map {
      HostileFrames(.closeCodeInvalid, [0x88, 0x02, UInt8($0 >> 8), UInt8($0 & 0xFF)])
    }
    + badTexts.map { HostileFrames(.textInvalid, [0x81, UInt8($0.count)] + $0) }
    + badTexts.map {
      HostileFrames(.closeReasonInvalid, [0x88, UInt8($0.count + 2), 3, 0xE8] + $0)
    }
    + [
      // Whole characters only count in the whole message.
      HostileFrames(.textInvalid, [0x01, 0x01, 0xC3, 0x80, 0x01, 0x28]),
      HostileFrames(.textInvalid, [0x01, 0x02, 0xE2, 0x82, 0x80, 0x00]),
    ]

  /// RFC 3629 §3 and §10.
  static let badTexts: [[UInt8]] = [
    [0xFF], [0x80], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
    // Overlong.
    [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF],
    // Surrogates.
    [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
    // Above U+10FFFF.
    [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
  ]
}
