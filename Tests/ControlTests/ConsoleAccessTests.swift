import Configuration
import Control
import Domain
import Foundation
import JSON
import Platform
import TestKit
import Testing

/// Codes and sessions of the console, and the command that gives them.
@Suite struct ConsoleAccessTests {
  private let scratch: Scratch
  private let access: ConsoleAccess
  private let noon = WallTime(milliseconds: 1_790_000_000_000)

  init() throws {
    scratch = try Scratch()
    access = try ConsoleAccess(Self.configuration(scratch))
  }

  private static func configuration(_ scratch: Scratch) -> Configuration {
    var configuration = Configuration()
    configuration.store.path = scratch("state.db")
    return configuration
  }

  private func text(_ secret: Secret) -> String {
    secret.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
  }

  private func after(_ time: Duration) -> WallTime { noon.advanced(by: time) }

  @Test func `a code becomes one session`() throws {
    let code = try access.issueCode(at: noon)
    #expect(text(code.secret).utf8.count == 64)
    #expect(code.end == after(.seconds(300)))
    let session = try #require(try access.redeem(code.secret, at: after(.seconds(299))))
    #expect(try access.redeem(code.secret, at: after(.seconds(299))) == nil)
    #expect(try access.session(session.secret, at: after(.seconds(300))) == session.end)
    #expect(try access.session(code.secret, at: after(.seconds(300))) == nil)
    #expect(text(session.secret) != text(code.secret))
  }

  @Test func `a code that is over, or was never given, becomes none`() throws {
    let code = try access.issueCode(at: noon)
    #expect(try access.redeem(code.secret, at: after(.seconds(300))) == nil)
    #expect(try access.redeem(code.secret, at: noon) == nil)
    for other in ["", "..", "code", String(repeating: "0", count: 64)] {
      #expect(try access.redeem(Secret(copying: Array(other.utf8)), at: noon) == nil)
    }
  }

  @Test func `a session ends after twelve hours, by its person, or by a revocation`() throws {
    func session() throws -> Secret {
      let code = try access.issueCode(at: noon).secret
      return try #require(try access.redeem(code, at: noon)).secret
    }
    let first = try session()
    #expect(try access.session(first, at: after(.seconds(43_199))) != nil)
    #expect(try access.session(first, at: after(.seconds(43_200))) == nil)
    // A clock that was set back makes no session longer.
    #expect(try access.session(first, at: after(.seconds(-1))) == nil)
    try access.endSession(first)
    #expect(try access.session(first, at: noon) == nil)
    let second = try session()
    let code = try access.issueCode(at: noon).secret
    #expect(try access.revokeAll() == 1)
    #expect(try access.session(second, at: noon) == nil)
    #expect(try access.redeem(code, at: noon) == nil)
  }

  @Test func `what lies on the disk opens nothing, and only its owner sees it`() throws {
    let code = try access.issueCode(at: noon).secret
    let session = try #require(try access.redeem(access.issueCode(at: noon).secret, at: noon))
    let folder = scratch("state.db.console")
    #expect(FileStatus.at(path: folder)?.mode == 0o700)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      #expect(!name.contains(text(code)) && !name.contains(text(session.secret)))
      #expect(FileStatus.at(path: folder + "/" + name)?.mode == 0o600)
      for part in name.split(separator: ".") {
        let secret = Secret(copying: Array(part.utf8))
        #expect(try access.session(secret, at: noon) == nil)
        #expect(try access.redeem(secret, at: noon) == nil)
      }
    }
  }

  @Test func `a folder keeps a mark that no other one has`() throws {
    let mark = try access.mark()
    #expect(mark.count == 16)
    _ = try access.revokeAll()
    #expect(try ConsoleAccess(Self.configuration(scratch)).mark() == mark)
    let other = try Scratch()
    #expect(try ConsoleAccess(Self.configuration(other)).mark() != mark)
    // Of a file that a power cut has emptied.
    try scratch.write("state.db.console/mark", "")
    let next = try access.mark()
    #expect(next.count == 16 && next != mark)
    #expect(try access.mark() == next)
  }

  @Test func `a folder that others may enter is not used`() throws {
    let other = try Scratch()
    try other.folder("state.db.console")
    let path = other("state.db.console")
    try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: path)
    #expect(throws: SystemError.self) { try ConsoleAccess(Self.configuration(other)) }
  }

  @Test func `the tool prints the link of the place where the console listens`() throws {
    try scratch.write("c.json5", "{store: {path: '\(scratch("state.db"))'}}")
    func run(_ arguments: String...) -> (ExitCode, String) {
      var output: [String] = []
      let status = runOperator(
        ["--config", scratch("c.json5"), "console"] + arguments,
        terminal: OperatorTerminal(output: { output.append($0) }, complaints: { _ in }))
      return (status, output.joined(separator: "\n"))
    }
    let (status, link) = run()
    #expect(status == .done)
    #expect(link.hasPrefix("http://127.0.0.1:8712/login?code="))
    try access.publish(address: "127.0.0.1:4711")
    #expect(run().1.hasPrefix("http://127.0.0.1:4711/login?code="))
    let document = try JSONReader.read(run("--json").1)
    let url = try #require(document["url"]?.stringValue)
    let code = Secret(copying: Array(url.split(separator: "=")[1].utf8))
    #expect(try access.redeem(code, at: Clock.now().wall) != nil)
    #expect(run("--revoke").1 == "1 session ended, and every code is taken back")
    try access.publish(address: "unix:/run/console.sock")
    #expect(run().1.hasPrefix("/login?code="))
  }
}
