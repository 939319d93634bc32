import Domain
import Foundation
import Glibc
import Intake
import Platform
import TestKit
import Testing

/// A spool in a directory of its own, with everything that it handed over.
final class SpoolFixture {
  private let scratch: Scratch
  var path: String { scratch.path }
  let loop: EventLoop
  let quietTime: Duration
  private let scanInterval: Duration
  private(set) var spool: SpoolDirectory?
  var files: [SpoolFile] = []
  var problems: [SpoolProblem] = []
  /// Called with each file, as the daemon would be.
  var react: (SpoolFile) -> Void = { _ in }

  /// The scan interval is short, so that a test that waits for a look around is quick.
  init(
    isOpen: Bool = true, quietTime: Duration = .seconds(5),
    scanInterval: Duration = .milliseconds(100)
  ) throws {
    self.quietTime = quietTime
    self.scanInterval = scanInterval
    scratch = try Scratch()
    loop = try EventLoop()
    try open()
    if isOpen { spool?.resume() }
  }

  deinit { spool?.close() }

  func open(lock: DirectoryLock? = nil) throws {
    spool = try SpoolDirectory(
      path: path, lock: lock, maximumBytes: 1_000, quietTime: quietTime, loop: loop,
      scanInterval: scanInterval,
      onFile: { [unowned self] file in
        files.append(file)
        react(file)
      }, onProblem: { [unowned self] problem in problems.append(problem) })
  }

  func required() throws -> SpoolDirectory { try #require(spool) }

  func folder(_ name: String) throws -> Directory { try Directory(path: path + "/" + name) }

  func names(_ folder: String) throws -> [String] {
    try self.folder(folder).names().map { ByteText.printable($0) }
  }

  func text(_ folder: String, _ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(folder)/\(name)", encoding: .utf8)
  }

  var handedNames: [String] { files.map { ByteText.printable($0.name) } }

  /// Written elsewhere and renamed in, as a careful producer does.
  func deliver(_ name: [UInt8], _ content: String = "{}") throws {
    let outside = try Directory(path: path)
    let temporary = Array("staging".utf8)
    try outside.writeWhole(
      temporary, Array(content.utf8), mode: 0o640, durability: .none)
    try outside.rename(temporary, to: folder("incoming"), as: name)
  }

  func deliver(_ name: String, _ content: String = "{}") throws {
    try deliver(Array(name.utf8), content)
  }

  /// Turns the loop until the condition holds; false when it does not in time.
  func turns(within limit: Duration = patience, until condition: () throws -> Bool) throws -> Bool {
    try loop.turns(within: limit, until: condition)
  }

  /// Turns the loop for as long as the next look around takes to come and to end.
  func turnThroughScan() throws {
    _ = try turns(within: scanInterval * 2 + .milliseconds(20)) { false }
  }

  func move(_ from: String, _ to: String) throws { try scratch.move(from, to) }
  func fifo(_ name: String) throws { try scratch.fifo(name) }
  func makeFolder(_ name: String) throws { try scratch.folder(name) }
  func remove(_ name: String) throws { try scratch.remove(name) }
  func setMode(_ name: String, _ mode: mode_t) throws { try scratch.setMode(name, mode) }
  func setModified(_ name: String, to seconds: Int) throws {
    try scratch.setModified(name, to: seconds)
  }
  func symbolicLink(_ name: String, to target: String) throws {
    try scratch.symbolicLink(name, to: target)
  }
  func hardLink(_ name: String, to target: String) throws {
    try scratch.hardLink(name, to: target)
  }
  func setSize(_ name: String, _ size: Int) throws { try scratch.setSize(name, size) }
}

extension SpoolFile {
  var text: String? {
    switch content {
    case .success(let bytes): String(decoding: bytes, as: UTF8.self)
    case .failure: nil
    }
  }

  var refusal: FileRefusal? {
    switch content {
    case .success: nil
    case .failure(let refusal): refusal
    }
  }
}

extension SpoolDirectory {
  /// Whatever has the name.
  func claim(_ name: [UInt8]) throws(SpoolError) -> [UInt8] { try claim(TakenFile(named: name)) }

  /// Whatever has the name.
  @discardableResult
  func finish(
    _ name: [UInt8], from place: SpoolPlace, to outcome: SpoolOutcome, report: [UInt8],
    replacing replaces: ([UInt8]) -> Bool = { _ in false }
  ) throws(SpoolError) -> [UInt8] {
    try finish(
      TakenFile(named: name), from: place, to: outcome, report: report, replacing: replaces)
  }

  @discardableResult
  func finish(
    _ file: TakenFile, from place: SpoolPlace, to outcome: SpoolOutcome, report: [UInt8],
    replacing replaces: ([UInt8]) -> Bool = { _ in false }
  ) throws(SpoolError) -> [UInt8] {
    let move = SpoolMove(file, from: place, to: outcome, report: report)
    return try finish([move]) { former, _ in replaces(former) }[0].get()
  }
}
