import Domain
import Foundation
import FuzzTargets
import JSON
import Testing

/// The corpus that fuzzing starts from, and what it once found.
@Suite struct CorpusTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/fuzz")

  static func files(of target: FuzzTarget) throws -> [(name: String, input: [UInt8])] {
    let folder = folder.appending(path: target.rawValue)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
      let file = try FileHandle(forReadingFrom: folder.appending(path: name))
      return (name, [UInt8](try file.readToEnd() ?? Data()))
    }
  }

  @Test func `every target has its folder, and every folder its target`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(Set(folders) == Set(FuzzTarget.allCases.map(\.rawValue)))
  }

  @Test(arguments: FuzzTarget.allCases)
  func `no file of the corpus breaks anything`(target: FuzzTarget) throws {
    let files = try Self.files(of: target)
    #expect(files.count >= 20)
    for (name, input) in files {
      #expect(throws: Never.self, "\(name)") { try target.check(input) }
      #expect(input.count <= 8_192, "\(name) is no small file")
    }
  }

  /// Where one target's inputs mean nothing to another reader, it must still refuse them in order.
  @Test(arguments: FuzzTarget.allCases)
  func `no file of another target's corpus breaks anything`(target: FuzzTarget) throws {
    for other in FuzzTarget.allCases where other != target {
      for (name, input) in try Self.files(of: other) {
        #expect(throws: Never.self, "\(other.rawValue)/\(name)") { try target.check(input) }
      }
    }
  }

  /// Two readers that took different texts for good would see different signals.
  @Test func `what our reader takes, Foundation's takes too`() throws {
    var taken = 0
    for target in [FuzzTarget.json, .signal, .control] {
      for (name, input) in try Self.files(of: target) {
        guard (try? JSONReader.read(input)) != nil else { continue }
        taken += 1
        #expect(throws: Never.self, "\(target.rawValue)/\(name)") {
          try JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)
        }
      }
    }
    #expect(taken > 40)
  }
}
