import Foundation
import Glibc

/// A folder of one test's own, gone with it. Its path is short: a socket's may have 107 bytes.
final class Scratch {
  let path: String

  init() throws {
    var name = Array("/tmp/signald-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&name) != nil else { throw Unusable("mkdtemp: errno \(errno)") }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
    let path = self(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  /// Every file below, with its content.
  func files() throws -> [(path: String, content: Data)] {
    let manager = FileManager.default
    return try manager.subpathsOfDirectory(atPath: path).sorted().compactMap { name in
      let attributes = try? manager.attributesOfItem(atPath: self(name))
      guard attributes?[.type] as? FileAttributeType == .typeRegular,
        let content = manager.contents(atPath: self(name))
      else { return nil }
      return (self(name), content)
    }
  }
}
