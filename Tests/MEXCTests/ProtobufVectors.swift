import Foundation
import JSON
import Testing

/// One row of `Fixtures/mexc/protobuf.json`, or of a file of the same form that MEXC_VECTORS names.
struct ProtobufVector: CustomTestStringConvertible, Sendable {
  let name: String
  let frame: [UInt8]
  /// `nil`: the frame is to be refused.
  let expected: JSONValue?

  var testDescription: String { name }

  static let files = ["mexc/protobuf.json"].map(fixture) + named

  static func read(_ file: String) throws -> [ProtobufVector] {
    let text = [UInt8](try Data(contentsOf: URL(filePath: file)))
    let document = try JSONReader.read(text, limits: .exchange)
    return try #require(document["vectors"]?.arrayValue).map { row in
      let verdict = try #require(row["verdict"]?.stringValue)
      let name = try #require(row["name"]?.stringValue)
      try #require(["accept", "refuse"].contains(verdict), "\(name)")
      let expected: JSONValue? = verdict == "accept" ? row["expect"] : nil
      try #require((expected != nil) == (verdict == "accept"), "\(name)")
      let frame = try bytes(try #require(row["hex"]?.stringValue))
      #expect(row["length"].map { $0 == .integer(frame.count) } ?? true, "\(name)")
      return ProtobufVector(name: name, frame: frame, expected: expected)
    }
  }

  private static func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/" + name).path
  }

  private static var named: [String] {
    ProcessInfo.processInfo.environment["MEXC_VECTORS"].map { [$0] } ?? []
  }

  private static func bytes(_ hexadecimal: String) throws -> [UInt8] {
    let digits = try hexadecimal.map { try #require($0.hexDigitValue) }
    try #require(digits.count.isMultiple(of: 2))
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
  }
}
