/// Everything that happened in a run, as a digest, and on demand in words.
///
/// The digest is FNV-1a (64 bits) over the canonical text of every event: two runs are the same run
/// exactly when it is equal.
final class Trace {
  struct Event {
    let time: Int64
    /// The signal or request that it is about; may be empty.
    let subject: String
    let text: String
  }

  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var count = 0
  private(set) var events: [Event] = []
  private let keepsWords: Bool

  init(keepsWords: Bool) {
    self.keepsWords = keepsWords
  }

  func note(_ time: Int64, _ kind: StaticString, _ subject: String, _ text: String = "") {
    count += 1
    mix(UInt64(bitPattern: time))
    mix(UInt64(kind.utf8CodeUnitCount))
    mix(subject)
    mix(text)
    if keepsWords {
      let words = text.isEmpty ? "\(kind)" : "\(kind): \(text)"
      events.append(Event(time: time, subject: subject, text: words))
    }
  }

  private func mix(_ text: String) {
    for byte in text.utf8 { mix(byte) }
    mix(0 as UInt8)
  }

  private func mix(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      mix(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  private func mix(_ byte: UInt8) {
    digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
  }
}
