import Domain
import Store
import Testing

@Suite struct ClientOrderIDTests {
  struct Vector: CustomTestStringConvertible, Sendable {
    let account: String
    let signal: String
    let leg: Int
    let name: String

    var testDescription: String { "\(account)/\(signal)/\(leg)" }
  }

  /// Computed with Python's hashlib and base64.
  static let vectors = [
    Vector(account: "main", signal: "a1", leg: 0, name: "sgxtmnkgto6ckqwaln3uovwe7d6p"),
    Vector(account: "main", signal: "A:b.c-1_", leg: 1, name: "sgcfwep5klthcrp4udjupmpyeiee"),
    Vector(account: "other", signal: "a1", leg: 0, name: "sgwgmp523y54fieci3dkvpknzo6c"),
  ]

  @Test(arguments: vectors)
  func `the name is a function of account, signal and leg`(vector: Vector) throws {
    let id = try #require(SignalID(vector.signal))
    let name = ClientOrderID(account: vector.account, signal: id, leg: vector.leg)
    #expect(name.text == vector.name)
  }

  @Test func `ten thousand signals have ten thousand names`() throws {
    var names: Set<String> = []
    for number in 0..<10_000 {
      let id = try #require(SignalID("signal-\(number)"))
      let name = ClientOrderID(account: "main", signal: id)
      #expect(name.text.utf8.count == 28)
      names.insert(name.text)
    }
    #expect(names.count == 10_000)
  }
}
