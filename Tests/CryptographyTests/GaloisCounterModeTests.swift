import Cryptography
import Foundation
import Platform
import Testing

@Suite struct GaloisCounterModeTests {
  /// One case of NIST's file; `message` is nil where the tag must be refused.
  private struct Vector {
    let key: Secret
    let nonce: [UInt8]
    let header: [UInt8]
    let sealed: [UInt8]
    let message: [UInt8]?
  }

  private static func vectors() throws -> [Vector] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/nist/gcmDecrypt256.rsp")
    let text = try String(contentsOf: file, encoding: .utf8)
    return try text.components(separatedBy: "\n\n").filter { $0.hasPrefix("Count") }.map {
      try vector($0)
    }
  }

  private static func vector(_ text: String) throws -> Vector {
    var fields: [String: [UInt8]] = [:]
    for line in text.split(separator: "\n") where line.contains(" = ") {
      let parts = line.components(separatedBy: " = ")
      fields[parts[0]] = Hexadecimal.bytes(of: parts[1])
    }
    let isRefused = text.contains("\nFAIL")
    return Vector(
      key: Secret(copying: try #require(fields["Key"])), nonce: try #require(fields["IV"]),
      header: try #require(fields["AAD"]),
      sealed: try #require(fields["CT"]) + (try #require(fields["Tag"])),
      message: isRefused ? nil : fields["PT"])
  }

  @Test func `AES-256-GCM agrees with NIST's vectors`() throws {
    let vectors = try Self.vectors()
    #expect(vectors.count == 375)
    #expect(vectors.count { $0.message == nil } == 191)
    for vector in vectors {
      let opened = AES256GCM.open(
        vector.sealed, under: vector.key, nonce: vector.nonce, header: vector.header)
      #expect(opened.map(hexadecimal) == vector.message.map { Hexadecimal.text(of: $0) })
      guard let message = vector.message else { continue }
      let sealed = AES256GCM.seal(
        Secret(copying: message), under: vector.key, nonce: vector.nonce, header: vector.header)
      #expect(sealed == vector.sealed)
    }
  }

  @Test func `a message that is shorter than a tag does not open`() {
    let key = Secret(copying: [UInt8](repeating: 7, count: AES256GCM.keyBytes))
    let nonce = [UInt8](repeating: 1, count: AES256GCM.nonceBytes)
    for count in 0..<AES256GCM.tagBytes {
      let short = [UInt8](repeating: 0, count: count)
      #expect(AES256GCM.open(short, under: key, nonce: nonce, header: []) == nil)
    }
  }
}
