import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit

/// What a producer does with the daemon's spool, and what it finds there.
extension DaemonUnderTest {
  struct SpoolOutcome {
    /// `done` or `rejected`.
    let folder: String
    let report: JSONValue

    var code: String? { report["code"]?.stringValue }
    var status: String? { report["status"]?.stringValue }
  }

  func spool(_ path: String) -> String { (spoolPath ?? scratch("spool")) + "/" + path }

  /// Writes a file beside the others and renames it in.
  func drop(_ name: String, _ text: String) throws { try drop(name, Array(text.utf8)) }

  func drop(_ name: String, _ bytes: [UInt8]) throws { try drop(Array(name.utf8), bytes) }

  func drop(_ name: [UInt8], _ bytes: [UInt8]) throws {
    let staged = Array(spool("incoming/.staged.tmp").utf8)
    try RawFiles.write(staged, bytes)
    try RawFiles.rename(staged, to: Array(spool("incoming/").utf8) + name)
  }

  /// What came of a file; nil while it has not arrived.
  func outcome(_ name: String) throws -> SpoolOutcome? { try outcome(Array(name.utf8)) }

  func outcome(_ name: [UInt8]) throws -> SpoolOutcome? {
    for (folder, suffix) in [("done", ".result.json"), ("rejected", ".reason.json")] {
      let path = Array(spool(folder + "/").utf8) + name
      guard RawFiles.exists(path), let report = RawFiles.read(path + Array(suffix.utf8)) else {
        continue
      }
      return SpoolOutcome(folder: folder, report: try JSONReader.read(report))
    }
    return nil
  }

  func waitForOutcome(_ name: [UInt8]) throws -> SpoolOutcome {
    try until("an outcome of \(String(decoding: name, as: UTF8.self))") { try outcome(name) }
  }

  func waitForOutcome(_ name: String) throws -> SpoolOutcome {
    try until("an outcome of \(name)") { try outcome(name) }
  }

  /// Waits for time to pass, where time is what a test is about.
  func pass(_ time: Duration) throws {
    let end = Clock.monotonic().advanced(by: time)
    guard let process = lives.last else {
      let loop = try EventLoop()
      while Clock.monotonic() < end { try loop.turn(until: end) }
      return
    }
    try process.wait(for: "\(time)") { Clock.monotonic() >= end ? true : nil }
  }

  func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: spool(folder)).sorted()
  }
}
