import Cryptography
package import Domain

extension ClientOrderID {
  /// 26 characters of base 32 carry 130 bits: no two signals ever share a name by chance.
  private static let digestCharacters = 26
  private static let usualTextBytes = 128
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// The name of an order: a function of the account, the signal and the leg and of nothing else, so
  /// that any restart, on any machine, looks for the same order. 28 characters of `a–z 2–7`.
  package init(account: String, signal: SignalID, leg: Int = 0) {
    var text: [UInt8] = []
    text.reserveCapacity(Self.usualTextBytes)
    text.append(text: "signald/coid/v1\u{0}")
    text.append(text: account)
    text.append(0)
    text.append(text: signal.text)
    text.append(0)
    text.append(number: Int64(leg))
    let digest = Digest.sha256(text)
    let alphabet = Self.alphabet
    var name: [UInt8] = []
    name.reserveCapacity(Self.digestCharacters + 2)
    name.append(text: "sg")
    var bits: UInt32 = 0
    var held = 0
    for byte in digest where name.count < Self.digestCharacters + 2 {
      bits = bits << 8 | UInt32(byte)
      held += 8
      while held >= 5 && name.count < Self.digestCharacters + 2 {
        held -= 5
        name.append(alphabet[Int(bits >> UInt32(held) & 31)])
      }
      bits &= (1 << UInt32(held)) - 1
    }
    guard let id = ClientOrderID(String(decoding: name, as: UTF8.self)) else {
      fatalError("the alphabet fits a client order ID")
    }
    self = id
  }
}
