import Cryptography
package import Domain

extension ClientOrderID {
  /// 26 characters of base 32 carry 130 bits: no two signals ever share a name by chance.
  private static let digestCharacters = 26
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// The name of an order: a function of the account, the signal and the leg and of nothing else, so
  /// that any restart, on any machine, looks for the same order. 28 characters of `a–z 2–7`.
  package init(account: String, signal: SignalID, leg: Int = 0) {
    let text = "signald/coid/v1\u{0}\(account)\u{0}\(signal)\u{0}\(leg)"
    let digest = Digest.sha256(Array(text.utf8))
    var name = Array("sg".utf8)
    var bits: UInt32 = 0
    var held = 0
    for byte in digest where name.count < Self.digestCharacters + 2 {
      bits = bits << 8 | UInt32(byte)
      held += 8
      while held >= 5 && name.count < Self.digestCharacters + 2 {
        held -= 5
        name.append(Self.alphabet[Int(bits >> UInt32(held) & 31)])
      }
      bits &= (1 << UInt32(held)) - 1
    }
    guard let id = ClientOrderID(String(decoding: name, as: UTF8.self)) else {
      fatalError("the alphabet fits a client order ID")
    }
    self = id
  }
}
